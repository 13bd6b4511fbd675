"""Guess what the columns of a file mean from their headers."""

import difflib
import re
import unicodedata

# Headers as people write them, beside the labels of the fields themselves. One list
# per column; Chinese and English, as exported by the programs that people come from.
ALIASES = {
    "name": (
        "name", "customer", "customer name", "company", "company name", "account",
        "account name", "organisation", "organization", "full name", "contact name",
        "fn", "display name", "名称", "客户", "客户名称", "公司", "公司名称", "企业名称",
        "单位名称", "姓名", "联系人", "联系人姓名", "客户姓名", "全称",
    ),
    "ref": (
        "ref", "reference", "customer id", "customer no", "customer number",
        "customer code", "account id", "account number", "id", "code", "number",
        "编号", "客户编号", "客户编码", "客户代码", "客户号", "代码", "内部参考",
    ),
    "default_type": (
        "type", "company type", "is company", "is a company", "类型", "客户类型",
        "公司类型", "企业类型",
    ),
    "email": (
        "email", "e-mail", "mail", "email address", "邮箱", "电子邮箱", "邮件", "电子邮件",
        "邮箱地址", "电邮",
    ),
    "phone": (
        "phone", "telephone", "tel", "phone number", "mobile", "mobile phone", "cell",
        "电话", "联系电话", "手机", "手机号", "手机号码", "移动电话", "座机", "电话号码",
    ),
    "website": ("website", "web", "url", "homepage", "网站", "网址", "官网", "主页"),
    "vat": (
        "vat", "tax id", "tax number", "uscc", "ein", "税号", "统一社会信用代码",
        "社会信用代码", "信用代码", "纳税人识别号",
    ),
    "street": ("street", "address", "address 1", "街道", "地址", "详细地址", "联系地址"),
    "street2": ("street2", "address 2", "street 2", "街道2", "地址2"),
    "city": ("city", "town", "城市", "市", "所在城市"),
    "state_id": ("state", "province", "region", "省", "省份", "省/州", "州", "所在省份"),
    "zip": ("zip", "zip code", "postcode", "postal code", "邮编", "邮政编码"),
    "country_id": ("country", "office location", "国家", "国家/地区", "国别"),
    "function": ("function", "job", "job position", "position", "title", "职位", "职务"),
    "industry_id": ("industry", "sector", "行业", "所属行业"),
    "category_id": ("tags", "tag", "category", "categories", "labels", "标签", "分类"),
    "user_id": (
        "owner", "salesperson", "sales agent", "account owner", "account manager",
        "负责人", "销售员", "业务员", "客户经理", "所有者", "归属人",
    ),
    "crm_suite_team_id": ("team", "sales team", "团队", "销售团队", "部门"),
    "crm_suite_lifecycle_id": ("lifecycle", "stage", "阶段", "生命周期", "客户阶段"),
    "crm_suite_size": ("size", "company size", "规模", "公司规模", "企业规模", "人员规模"),
    "crm_suite_employees": (
        "employees", "employee count", "headcount", "人数", "员工数", "员工人数",
    ),
    "crm_suite_annual_revenue": (
        "revenue", "annual revenue", "turnover", "年收入", "年营业额", "营业额",
    ),
    "crm_suite_source_id": ("source", "lead source", "来源", "客户来源"),
    "crm_suite_preferred_channel": ("preferred channel", "偏好渠道", "联系方式偏好"),
    "crm_suite_needs": ("needs", "requirements", "需求", "客户需求"),
    "comment": ("notes", "note", "comment", "comments", "remark", "备注", "说明"),
    "contact/name": (
        "contact", "contact person", "contact name", "联系人", "联系人姓名", "主要联系人",
        "首要联系人", "对接人", "姓名",
    ),
    "contact/phone": (
        "contact phone", "contact mobile", "联系人电话", "联系人手机", "联系人手机号",
        "联系人联系方式",
    ),
    "contact/email": ("contact email", "联系人邮箱", "联系人邮件"),
    "contact/function": (
        "contact title", "contact position", "联系人职务", "联系人职位",
    ),
    "parent_id/name": (
        "parent", "parent company", "parent account", "subsidiary of", "subsidiary_of",
        "母公司", "上级公司", "上级客户", "总公司",
    ),
    "parent_id/ref": ("parent id", "parent ref", "parent code", "上级编号", "母公司编号"),
    "partner_id/ref": (
        "customer id", "customer_id", "cust_id", "customer", "customer no", "id",
        "customer code", "account id", "客户编号", "客户编码", "客户代码",
    ),
    "partner_id/name": ("customer name", "account", "name", "客户", "客户名称", "公司名称"),
    "partner_id/email": ("email", "e-mail", "customer email", "邮箱", "客户邮箱"),
    "partner_id/phone": ("phone", "mobile", "customer phone", "电话", "手机", "手机号"),
    "partner_name": (
        "company", "company name", "account", "account name", "organisation",
        "organization", "公司", "公司名称", "企业名称", "单位", "单位名称", "客户名称", "客户",
    ),
    "contact_name": (
        "contact name", "contact", "contact person", "full name", "lead name", "姓名",
        "联系人", "联系人姓名", "客户姓名",
    ),
    "email_from": (
        "email", "e-mail", "mail", "email address", "邮箱", "电子邮箱", "邮件", "电子邮件",
        "邮箱地址",
    ),
    "crm_suite_reference": (
        "lead id", "lead no", "lead number", "opportunity id", "external id", "id",
        "线索编号", "商机编号", "外部编号", "编号",
    ),
    "stage_id": ("stage", "sales stage", "status", "阶段", "商机阶段", "销售阶段", "状态"),
    "expected_revenue": (
        "expected revenue", "amount", "deal value", "value", "预计金额", "预期金额",
        "预计收入", "商机金额", "金额",
    ),
    "date_deadline": (
        "close date", "expected closing", "expected close date", "预计成交日期",
        "预计成交时间", "结单日期",
    ),
    "priority": ("priority", "rating", "优先级", "意向程度"),
    "tag_ids": ("tags", "tag", "labels", "标签"),
    "team_id": ("team", "sales team", "团队", "销售团队", "部门"),
    "source_id": ("source", "lead source", "来源", "线索来源"),
    "medium_id": ("medium", "媒介", "渠道"),
    "campaign_id": ("campaign", "市场活动", "活动", "营销活动"),
    "description": (
        "description", "notes", "note", "comment", "remark", "备注", "说明", "描述",
        "需求", "需求描述",
    ),
    "date": (
        "date", "order date", "purchase date", "invoice date", "transaction date",
        "call date", "time", "when", "日期", "下单日期", "购买日期", "订单日期", "交易日期",
        "时间", "通话时间", "拜访日期",
    ),
    "reference": (
        "order", "order no", "order number", "order id", "invoice", "reference",
        "订单", "订单号", "单号", "订单编号",
    ),
    "product_name": ("product", "product name", "item", "sku", "产品", "商品", "品名"),
    "quantity": (
        "quantity", "qty", "units", "number of cds", "count", "数量", "件数",
    ),
    "amount": (
        "amount", "total", "price", "value", "dollars", "dollar value", "sales", "revenue",
        "金额", "总额", "合计", "价税合计", "成交金额",
    ),
    "currency_id": ("currency", "币种", "货币"),
    "source": ("source", "channel", "shop", "来源", "店铺", "渠道"),
    "summary": (
        "summary", "subject", "notes", "note", "content", "description", "内容", "摘要",
        "沟通内容", "跟进内容", "备注",
    ),
    "kind": ("kind", "type", "类型", "方式", "跟进方式"),
    "direction": ("direction", "方向"),
    "duration": ("duration", "minutes", "时长", "通话时长"),
    "outcome": ("outcome", "result", "结果", "沟通结果"),
}  # fmt: skip

_CLOSE = 0.86
# What is said of the person whose column stands before it.
_BESIDE = {
    "contact/phone": (
        "联系电话", "联系方式", "手机", "手机号", "手机号码", "移动电话", "mobile",
        "mobilephone", "cell", "cellphone",
    ),
    "contact/function": (
        "职务", "职位", "岗位", "title", "jobtitle", "position", "jobposition",
    ),
}  # fmt: skip


def normalize_header(text):
    """A header without what writers vary: case, width, blanks, dots, stars.

    >>> normalize_header(" E-Mail＊ (必填)")
    'email'
    """
    text = unicodedata.normalize("NFKC", str(text or "")).lower()
    text = re.sub(r"[\(\[（【].*?[\)\]）】]", "", text)
    return re.sub(r"[\W_]+", "", text)


def guess_mapping(headers, columns, remembered=None):
    """The meaning of every header, each meaning given away once.

    :param headers: names of the file's columns
    :param columns: :class:`import_types.Column` of the target
    :param remembered: header (normalised) to column name, as in a profile; an empty
        name says that the column is not imported
    :return: column names in the order of ``headers``; an empty string where nothing
        fits
    """
    known = {column.name for column in columns}
    result = [None] * len(headers)
    words = [normalize_header(header) for header in headers]
    for index, word in enumerate(words):
        name = (remembered or {}).get(word)
        if name == "" or (name in known and name not in result):
            result[index] = name
    for index, name in _contact_columns(words, columns).items():
        if result[index] is None and name not in result:
            result[index] = name
    if "contact/name" not in result:
        # A list of persons: whatever it says, it says of them.
        columns = [c for c in columns if not c.name.startswith("contact/")]
    for score in (3, 2, 1):
        for index, word in enumerate(words):
            if result[index] is None:
                free = [column for column in columns if column.name not in result]
                result[index] = _best(word, free, score)
    return [name or "" for name in result]


def _contact_columns(words, columns):
    """The columns of the contact person in a list of companies, by their place.

    :rtype: dict[int, str]
    """
    known = {column.name: _words(column) for column in columns}
    people = known.get("contact/name", ())
    others = [word for word in words if word not in people]
    if not people or not any(word in known.get("name", ()) for word in others):
        return {}
    found = {}
    for index, word in enumerate(words):
        for name in known:
            if name.startswith("contact/") and name not in found.values():
                if word in known[name]:
                    found[index] = name
    at = next((index for index in found if found[index] == "contact/name"), None)
    if at is None:
        return {}
    for index in range(at + 1, len(words)):
        name = next((name for name in _BESIDE if words[index] in _BESIDE[name]), None)
        if index not in found:
            if name is None or name in found.values():
                break
            found[index] = name
    return found


def _words(column):
    """Every header that certainly means ``column``."""
    aliases = (*ALIASES.get(column.name, ()), *column.aliases)
    texts = (column.name, column.label, *column.labels, *aliases)
    return {normalize_header(text) for text in texts}


def _best(word, columns, score):
    """The column whose header is ``word``: certain first, similar last."""
    if not word:
        return None
    if score == 3:
        return next(
            (
                column.name
                for column in columns
                if word
                in map(normalize_header, (column.name, column.label, *column.labels))
            ),
            None,
        )
    ranked = []
    for column in columns:
        aliases = [*ALIASES.get(column.name, ()), *column.aliases]
        aliases = [normalize_header(alias) for alias in aliases]
        if score == 2 and word in aliases:
            # An alias near the front of its list is the more usual meaning.
            ranked.append((-aliases.index(word), column.name))
        elif score == 1:
            candidates = [*aliases, normalize_header(column.label)]
            if difflib.get_close_matches(word, candidates, 1, _CLOSE):
                ranked.append((0, column.name))
    return max(ranked)[1] if ranked else None
