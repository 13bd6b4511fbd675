"""What people say in the demo, in the language of the customer.

Content, not interface: a Chinese customer writes Chinese whatever the language
of the user who reads it, so these sentences are not translated.
"""

# (Chinese, English, smallest and largest amount in thousands)
DEALS = [
    ("新产线在线检测设备", "Inline inspection for the new line", 18, 90),
    ("示波器更新换代", "Replacement of ageing oscilloscopes", 12, 45),
    ("环境试验箱采购", "Environmental test chamber", 18, 60),
    ("年度计量校准服务", "Annual calibration contract", 6, 22),
    ("实验室扩建项目", "Laboratory extension", 30, 140),
    ("热像仪巡检方案", "Thermal inspection of switch gear", 7, 28),
    ("数据采集系统改造", "Data acquisition upgrade", 9, 36),
    ("耗材年度框架协议", "Framework agreement for consumables", 5, 18),
    ("操作员培训与认证", "Operator training and certification", 3, 9),
    ("供应商质量实验室", "Supplier quality laboratory", 24, 75),
]

# A thread: (direction, days after its first mail, Chinese, English); a text is
# (subject, body).
THREADS = [
    [
        (
            "in",
            0,
            (
                "询价：示波器及探头",
                "您好，我们计划下个月更换三台台式示波器，请报一下 1 GHz 带宽机型的价格和交期，另外探头能否配成一套？",
            ),
            (
                "Quotation request: oscilloscopes",
                "Hello, we plan to replace three bench oscilloscopes next month. Could you quote the 1 GHz model with probes and tell us the lead time?",
            ),
        ),
        (
            "out",
            1,
            (
                "回复：询价：示波器及探头",
                "您好，报价单已发您邮箱，现货两台，第三台约两周到货。探头可按四支一套配，三套以上有优惠。",
            ),
            (
                "Re: Quotation request: oscilloscopes",
                "Thank you for asking. The quotation is on its way: two pieces are in stock, the third arrives in about two weeks. Probes come in sets of four.",
            ),
        ),
        (
            "in",
            3,
            (
                "回复：询价：示波器及探头",
                "报价收到。领导问能不能在这个基础上再优惠一点，付款可以从 30 天改成预付 30%。",
            ),
            (
                "Re: Quotation request: oscilloscopes",
                "Quotation received. Is there room for a better price if we pay 30 % in advance?",
            ),
        ),
    ],
    [
        (
            "in",
            0,
            (
                "关于到货时间",
                "请问上周下的订单什么时候能发货？我们月底要验收，时间比较紧。",
            ),
            (
                "Delivery date",
                "When will last week's order be shipped? Our acceptance test is at the end of the month.",
            ),
        ),
        (
            "out",
            0,
            (
                "回复：关于到货时间",
                "已和仓库确认，后天发出，物流单号稍后发您。如需我们派工程师现场协助验收，请提前两天告知。",
            ),
            (
                "Re: Delivery date",
                "The warehouse ships the day after tomorrow; I will send you the tracking number. An engineer can help with the acceptance test if you tell us two days ahead.",
            ),
        ),
    ],
    [
        (
            "out",
            0,
            (
                "校准证书即将到期",
                "您好，贵司三台仪器的校准证书下月到期，建议本月安排现场校准，可与年度维保一起做，省一次上门费。",
            ),
            (
                "Calibration due next month",
                "The certificates of three of your instruments expire next month. We can combine the on-site calibration with the annual maintenance and save you one visit.",
            ),
        ),
        (
            "in",
            2,
            (
                "回复：校准证书即将到期",
                "谢谢提醒。请安排在 20 号以后，之前产线停不下来。",
            ),
            (
                "Re: Calibration due next month",
                "Thanks for the reminder. Please come after the 20th, the line cannot stop before.",
            ),
        ),
    ],
    [
        (
            "in",
            0,
            (
                "发票抬头更正",
                "上一张发票的地址写错了，请按附件的开票信息重开一张。",
            ),
            (
                "Address on the invoice",
                "The address on the last invoice is wrong, please see the attached company details.",
            ),
        ),
        (
            "out",
            1,
            (
                "回复：发票抬头更正",
                "非常抱歉，已请财务重开，今天下午寄出，系统里的开票信息也一并更新了。",
            ),
            (
                "Re: Address on the invoice",
                "Our apologies. Accounting is issuing a new one today and has corrected your details in our system.",
            ),
        ),
    ],
    [
        (
            "out",
            0,
            (
                "新品：640 像素热像仪",
                "新款热像仪已到样机，测温精度 ±1 ℃，适合配电柜巡检。下周我在贵司附近，方便的话带过去给大家试用。",
            ),
            (
                "New: 640-pixel thermal camera",
                "A sample of the new thermal camera has arrived, accurate to ±1 °C. I am in your area next week and can bring it for a trial.",
            ),
        ),
    ],
]

NOTES = [
    (
        "采购审批金额上限 5 万，超过要总经理签字，一般需要一周。",
        "Purchases above 50 k need the managing director's signature; allow a week.",
    ),
    (
        "明年一季度有扩产计划，设备预算在 11 月定，要提前送方案。",
        "Plans to expand in the first quarter; the budget is decided in November, send the proposal early.",
    ),
    (
        "客户更看重交期而不是价格，备件务必有现货。",
        "Delivery time matters more than price; keep spare parts in stock for them.",
    ),
    (
        "竞争对手上月送过样机，客户反映软件不好用。",
        "A competitor left a sample last month; they find its software hard to use.",
    ),
]

# (activity type, Chinese, English)
ACTIVITIES = [
    ("mail.mail_activity_data_call", "跟进报价，确认预算", "Follow up the quotation"),
    ("mail.mail_activity_data_call", "回访设备使用情况", "Ask how the equipment runs"),
    ("mail.mail_activity_data_todo", "寄送探头样品", "Send probe samples"),
    ("mail.mail_activity_data_email", "发送技术方案", "Send the technical proposal"),
    (
        "mail.mail_activity_data_todo",
        "准备年度框架协议",
        "Prepare the framework agreement",
    ),
    ("mail.mail_activity_data_email", "发送校准计划", "Send the calibration plan"),
]

# For those who owe; same form.
DUNNING = (
    "mail.mail_activity_data_call",
    "催收逾期货款",
    "Call about the overdue invoice",
)

MEETINGS = [
    ("产品演示", "Product demonstration"),
    ("季度业务回顾", "Quarterly business review"),
    ("现场勘察", "Site survey"),
    ("商务谈判", "Commercial negotiation"),
    ("验收会", "Acceptance meeting"),
    ("技术交流", "Technical exchange"),
]

# (kind, outcome, minutes, Chinese, English)
CALLS = [
    (
        "call",
        "interested",
        6,
        "客户确认收到报价，需要样品先试用，答应本周寄出。",
        "Has the quotation, wants to try a sample first; promised to send one this week.",
    ),
    (
        "call",
        "no_answer",
        0,
        "无人接听，改天再打。",
        "Nobody answered, will try again.",
    ),
    (
        "call",
        "reached",
        14,
        "讨论验收标准，客户要求出具第三方校准证书。",
        "Discussed acceptance; they need a third-party calibration certificate.",
    ),
    (
        "walk_in",
        "interested",
        35,
        "来展厅看热像仪，对软件的批量报告功能很感兴趣。",
        "Came to the show room for the thermal camera; likes the batch reports.",
    ),
    ("call", "agreed", 9, "财务说本周五安排付款。", "Accounting will pay this Friday."),
    (
        "visit",
        "reached",
        80,
        "拜访实验室，了解到明年要增加两套环境试验箱。",
        "Visited the laboratory: two more test chambers are planned for next year.",
    ),
    (
        "call",
        "callback",
        3,
        "正在开会，约好下午回电。",
        "In a meeting, asked to be called back in the afternoon.",
    ),
]

NEEDS = [
    (
        "扩建检测线，关注设备稳定性和本地服务响应速度。",
        "Extends its inspection line; wants reliable equipment and quick local service.",
    ),
    (
        "需要 CNAS 校准证书，年底前完成全部在用仪器的复校。",
        "Needs accredited certificates; all instruments recalibrated by the end of the year.",
    ),
    (
        "希望把零散采购改成年度框架协议，按季度交货。",
        "Wants a yearly framework agreement with quarterly deliveries instead of single orders.",
    ),
    (
        "老设备备件难买，计划两年内分批更换。",
        "Spare parts of the old instruments are hard to get; replaces them over two years.",
    ),
]

PREFERENCES = [
    (
        "先微信联系再打电话；报价单要含税含运。",
        "Write before you call; quotations including tax and freight.",
    ),
    (
        "周一上午例会，不要打电话；资料发 PDF。",
        "No calls on Monday morning; documents as PDF.",
    ),
    (
        "送货需提前一天预约，收货时间 9 点到 16 点。",
        "Deliveries announced a day ahead, between 9 and 16 hours.",
    ),
]

# (Chinese, English, price of one)
PURCHASES = [
    ("万用表", "Multimeter", 145),
    ("手持示波器（旧款）", "Handheld oscilloscope (old model)", 990),
    ("探头", "Probe", 62),
    ("测温枪", "Infrared thermometer", 88),
    ("直流电源", "DC power supply", 430),
]
