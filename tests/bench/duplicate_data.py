"""Customers of whom some are there twice, and the people of FEBRL with their truth."""

import csv
import json
import os
import pathlib
import random
from itertools import combinations

FEBRL = (
    pathlib.Path(
        os.environ.get("CRM_SUITE_SHARED_DATA")
        or pathlib.Path(__file__).parents[3] / "shared" / "data"
    )
    / "febrl"
)
# So many of a hundred customers are entered a second time.
TWICE = 5
# So many records share the name of their own, whatever the number of records.
SHARED = 4
PAGE = 20_000
_SIGNS = (
    "华强盛泰恒瑞达通信远鑫隆昌宏伟博源力创新联合众正大光明东方海天龙飞凯旋金石玉林森江河山川"
    "春晓兴旺发顺安康宁静和平永久长青云腾翔宇航星辰日月嘉美佳丽雅致诚智慧德仁义礼贤良俊杰英才"
    "百千万亿丰收禾田园艺景观澜湾港洋帆船舟桥路驰骋骏马鹏程凤凰麒麟"
)
_CITIES = "深圳 广州 上海 北京 杭州 宁波 苏州 南京 武汉 成都 重庆 厦门 青岛 天津 西安 长沙".split()
_TRADES = "电子 科技 贸易 实业 机械 自动化 信息 软件 物流 建设 材料 化工 医疗 食品 纺织 汽车".split()
_FORMS = "有限公司 股份有限公司 有限责任公司".split()
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_SYLLABLES = "ba ren to li mor kan ves tor al den gra sol mi ro wen dal ker fin os ter ul ham bri nor sta lo vi".split()
_WESTERN = "Ltd;GmbH;Inc.;S.A.;B.V.;AG;LLC;S.r.l.".split(";")
_SECTORS = (
    "Systems;Trading;Electronics;Group;Industries;Logistics;Foods;Textiles".split(";")
)
_FIRST = "James Mary Peter Anna Thomas Julia Robert Laura Michael Sarah David Emma Martin Clara Paul Helen Simon Marie Frank Nina".split()


def make_customers(count, seed=4):
    """Companies and people, one in twenty of them with a second, changed record.

    Deterministic. The number of different names grows with the number of records, as it
    does among real customers.

    :return: rows with the columns of ``res_partner``, and the pairs of positions that
        are the same customer
    :rtype: tuple[list[dict], set[tuple[int, int]]]
    """
    chance = random.Random(seed)
    names = {
        "signs": _own_names(chance, _SIGNS, (3, 3, 4), count // SHARED),
        "syllables": _own_names(chance, _SYLLABLES, (4, 4, 5), count // SHARED),
    }
    rows, truth = [], set()
    while len(rows) < count:
        number = len(rows)
        row = _MAKERS[chance.randrange(len(_MAKERS))](chance, names, number)
        rows.append(row)
        if chance.randrange(100) < TWICE and len(rows) < count:
            truth.add((number, number + 1))
            rows.append(_change(chance, row))
    return rows, truth


def _own_names(chance, parts, lengths, count):
    """As many different names, put together from parts."""
    names = set()
    while len(names) < count:
        names.add("".join(chance.choices(parts, k=chance.choice(lengths))))
    return sorted(names)


def _contact(number, host):
    return {
        "phone": f"+8613{number + 100_000_000:09d}",
        "email": f"c{number}@{host}",
    }


def _chinese_company(chance, names, number):
    city = chance.choice(_CITIES)
    own = chance.choice(names["signs"])
    return {
        "name": city + own + chance.choice(_TRADES) + chance.choice(_FORMS),
        "is_company": True,
        "city": city,
        "street": f"{chance.choice(_SIGNS)}{chance.choice(_SIGNS)}路{chance.randrange(1, 900)}号",
        "vat": f"9144{number:014d}" if chance.randrange(3) else None,
        **_contact(number, f"cn{number}.example.com"),
    }


def _western_company(chance, names, number):
    own = chance.choice(names["syllables"]).title()
    return {
        "name": f"{own} {chance.choice(_SECTORS)} {chance.choice(_WESTERN)}",
        "is_company": True,
        "city": "".join(chance.choices(_SYLLABLES, k=2)).title(),
        "street": f"{_street(chance)} {chance.randrange(1, 200)}",
        "zip": str(chance.randrange(10_000, 99_999)),
        "vat": f"DE{number:09d}" if chance.randrange(3) else None,
        **_contact(number, f"we{number}.example.com"),
    }


def _chinese_person(chance, _names, number):
    return {
        "name": chance.choice(_SURNAMES)
        + "".join(chance.choices(_SIGNS, k=chance.choice((1, 2, 2)))),
        "is_company": False,
        "city": chance.choice(_CITIES),
        **_contact(number, "qq.com"),
    }


def _western_person(chance, names, number):
    family = chance.choice(names["syllables"]).title()
    return {
        "name": f"{chance.choice(_FIRST)} {family}",
        "is_company": False,
        "city": "".join(chance.choices(_SYLLABLES, k=2)).title(),
        "street": f"{_street(chance)} {chance.randrange(1, 200)}",
        "zip": str(chance.randrange(10_000, 99_999)),
        **_contact(number, "gmail.com"),
    }


def _street(chance):
    return "".join(chance.choices(_SYLLABLES, k=3)).title() + " Street"


_MAKERS = (
    _chinese_company,
    _chinese_company,
    _western_company,
    _chinese_person,
    _western_person,
)


def _change(chance, row):
    """The same customer, entered by somebody else."""
    row = dict(row)
    kept = chance.choice(("phone", "email"))
    if not row["is_company"]:
        row["email" if kept == "phone" else "phone"] = None
        return row
    row.update(dict.fromkeys({"phone", "email", "vat", "street"} - {kept}))
    name = row["name"]
    for form in (*_FORMS, *_WESTERN):
        name = name.removesuffix(form)
    place = chance.randrange(1, len(name) - 1)
    # One letter is forgotten.
    row["name"] = (name[:place] + name[place + 1 :]).strip()
    return row


def insert_customers(env, rows):
    """Put rows into the table, as plain as an import leaves them, keys included.

    :return: ids in the order of the rows
    :rtype: list[int]
    """
    stage = env.ref("crm_suite_base.lifecycle_stage_lead").id
    ids = []
    for start in range(0, len(rows), PAGE):
        page = json.dumps(
            [{"n": n, **row} for n, row in enumerate(rows[start : start + PAGE])]
        )
        env.cr.execute(_INSERT, [stage, page])
        ids += [id_ for (id_,) in env.cr.fetchall()]
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id WHERE commercial_partner_id IS NULL"
    )
    env.invalidate_all(flush=False)
    return sorted(ids)


_INSERT = """
    INSERT INTO res_partner
        (name, complete_name, is_company, active, type, lang, email, email_normalized,
         phone, phone_sanitized, street, street2, city, zip, vat, ref,
         autopost_bills, crm_suite_lifecycle_id, create_date, write_date, create_uid,
         write_uid)
    SELECT name, name, is_company, true, 'contact', 'en_US', email, email,
           phone, phone, street, street2, city, zip, vat, 'twice',
           'ask', %s, now(), now(), 1, 1
      FROM jsonb_to_recordset(%s) r(
           n int, name text, is_company bool, email text, phone text, street text,
           street2 text, city text, zip text, vat text)
  ORDER BY n
 RETURNING id
"""


def read_febrl(*names):
    """People of FEBRL.

    :param names: names of data sets; of two, the second is linked with the first
    :return: rows as :func:`insert_customers` takes them, and the pairs of positions
        that are one person; of two sets only pairs from one to the other
    :rtype: tuple[list[dict], set[tuple[int, int]]]
    """
    rows, groups = [], {}
    for part, values in read_febrl_columns(*names):
        person = values["rec_id"].split("-")[1]
        groups.setdefault(person, []).append((len(rows), part))
        rows.append(_read_person(values))
    truth = {
        (left, right)
        for group in groups.values()
        for (left, one), (right, other) in combinations(group, 2)
        if len(names) == 1 or one != other
    }
    return rows, truth


def read_febrl_columns(*names):
    """The same people in the same order, with the columns of FEBRL.

    :return: for each of them, the place of its data set among the names, and its values
    :rtype: Iterator[tuple[int, dict[str, str]]]
    """
    for part, name in enumerate(names):
        with (FEBRL / f"dataset{name}.csv").open(encoding="utf-8") as file:
            for source in csv.DictReader(file, skipinitialspace=True):
                yield (
                    part,
                    {key: (value or "").strip() for key, value in source.items()},
                )


def _read_person(values):
    return {
        "name": f"{values['given_name']} {values['surname']}".strip(),
        "is_company": False,
        "street": f"{values['street_number']} {values['address_1']}".strip(),
        "street2": values["address_2"],
        "city": values["suburb"],
        "zip": values["postcode"],
        "vat": values["soc_sec_id"],
    }
