"""Words of company names that say little about which company it is."""

import re

# Legal forms, as they stand at the end of a name (some languages: at its start), after
# folding to lower case and without dots: "S.A." is "sa" here.
LEGAL_WORDS = frozenset(
    """
    ag aktiengesellschaft ab aps as asa ao bhd bv bvba co company corp corporation cv ebvba
    ek eood eurl ev gbr gesmbh gmbh gmbhcokg inc incorporated kft kg kgaa kk ks limited llc
    llp lp ltd ltda mbh nv oao oo ood ooo oy oyj pao plc private pt pte pty pvt public sa
    sal sapa sarl sas sasu sau sca scs sdn se sl slu snc sp spa spzoo spolka sprl srl sro
    tbk ug vof zao zoo ооо оао зао пао ао ип
    """.split()
)
# Words between the parts of a legal form, which go with it: "GmbH & Co. KG".
LEGAL_GLUE = frozenset("and und et y e the".split())

LEGAL_CJK = re.compile(
    "(?:股份有限责任公司|有限责任公司|股份有限公司|有限公司|股份公司|责任公司"
    "|株式会社|有限会社|合同会社|合资会社|\\(株\\)|\\(有\\)|주식회사|유한회사|\\(주\\))"
)
LEGAL_CJK_END = re.compile("(?:集团总公司|集团公司|总公司|集团|公司)$")

# Where a Chinese company is registered stands before its own name.
PROVINCES = (
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 "
    "湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 中国"
).split()
CITIES = (
    "深圳 广州 东莞 佛山 珠海 中山 惠州 汕头 江门 湛江 肇庆 茂名 揭阳 清远 杭州 宁波 温州 嘉兴 "
    "绍兴 金华 义乌 台州 湖州 南京 苏州 无锡 常州 南通 徐州 扬州 盐城 昆山 镇江 泰州 连云港 "
    "厦门 福州 泉州 漳州 莆田 济南 青岛 烟台 潍坊 临沂 淄博 威海 济宁 郑州 洛阳 武汉 宜昌 襄阳 "
    "长沙 株洲 湘潭 衡阳 南昌 赣州 合肥 芜湖 成都 绵阳 西安 宝鸡 咸阳 昆明 贵阳 南宁 桂林 柳州 "
    "海口 三亚 沈阳 大连 鞍山 长春 哈尔滨 大庆 石家庄 唐山 保定 廊坊 邯郸 太原 大同 呼和浩特 "
    "包头 鄂尔多斯 兰州 西宁 银川 乌鲁木齐 拉萨 台北 高雄 九龙"
).split()
REGION = re.compile(
    "^(?:{})(?:特别行政区|自治区|省|市|县|区)?".format("|".join(PROVINCES + CITIES))
)
REGION_SUFFIX = re.compile("^({})(?:省|市)".format("|".join(PROVINCES + CITIES)))

# What a company does, at the end of its own name.
TRADE_CJK = re.compile(
    "(?:科技|技术|电子|电气|电器|实业|贸易|商贸|进出口|国际|工贸|工业|制造|机械|机电|设备|仪器|"
    "仪表|自动化|信息|网络|软件|数码|通信|通讯|智能|控股|投资|发展|开发|工程|建设|建筑|材料|"
    "化工|医药|医疗|器械|生物|食品|服饰|服装|纺织|家具|家居|物流|运输|汽车|配件|五金|塑胶|"
    "塑料|包装|印刷|广告|传媒|文化|教育|咨询|管理|服务|产业|企业|商行|经营部|商店|厂)$"
)
TRADE_WORDS = frozenset(
    """
    technology technologies tech electronics electronic electric electrical trading trade
    industry industries industrial international group holding holdings manufacturing
    machinery equipment systems solutions services service software network enterprises
    enterprise products development materials engineering imports exports import export
    """.split()
)

TITLES = frozenset("mr mrs ms miss dr prof professor sir madam herr frau".split())
TITLE_CJK = re.compile("(?:先生|女士|小姐|经理|老师)$")

# Family names of two signs; all others have one.
COMPOUND_SURNAMES = frozenset(
    "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 长孙 宇文 司徒 夏侯 令狐 端木 独孤 南宫 轩辕 呼延 申屠".split()
)

# Mail of everybody: the domain says nothing about the company.
FREE_MAIL = frozenset(
    """
    126.com 139.com 163.com 188.com 189.cn 21cn.com aliyun.com foxmail.com qq.com sina.cn
    sina.com sina.com.cn sohu.com tom.com vip.163.com vip.qq.com vip.sina.com wo.cn yeah.net
    aol.com bk.ru btinternet.com comcast.net daum.net fastmail.com free.fr gmail.com gmx.at
    gmx.com gmx.de gmx.net googlemail.com hanmail.net hotmail.co.uk hotmail.com hotmail.de
    hotmail.fr icloud.com inbox.ru laposte.net libero.it list.ru live.cn live.com mac.com
    mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com outlook.de pm.me
    proton.me protonmail.com rediffmail.com rocketmail.com t-online.de tutanota.com
    verizon.net virgilio.it wanadoo.fr web.de yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk
    yahoo.com yahoo.com.cn yahoo.com.hk yahoo.com.tw yahoo.de yahoo.es yahoo.fr yahoo.it
    yandex.com yandex.ru ymail.com zoho.com
    """.split()
)
