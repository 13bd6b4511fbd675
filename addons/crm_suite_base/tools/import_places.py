"""Names of countries and provinces that the host's lists do not carry."""

# Spoken names and abbreviations; the rest is found by the host's own names and codes.
COUNTRIES = {
    "america": "US",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "hong kong": "HK",
    "hongkong": "HK",
    "korea": "KR",
    "macao": "MO",
    "macau": "MO",
    "mainland china": "CN",
    "p.r. china": "CN",
    "pr china": "CN",
    "prc": "CN",
    "r.o.k.": "KR",
    "republic of korea": "KR",
    "russia": "RU",
    "scotland": "GB",
    "south korea": "KR",
    "taiwan": "TW",
    "u.k.": "GB",
    "u.s.": "US",
    "u.s.a.": "US",
    "uae": "AE",
    "uk": "GB",
    "united states of america": "US",
    "usa": "US",
    "vietnam": "VN",
    "viet nam": "VN",
    "中华人民共和国": "CN",
    "中国大陆": "CN",
    "中国香港": "HK",
    "中国澳门": "MO",
    "中国台湾": "TW",
    "韩国": "KR",
    "南韩": "KR",
    "英国": "GB",
    "美利坚合众国": "US",
    "阿联酋": "AE",
}

# The host names Chinese provinces in Chinese only: pinyin to the host's code.
CN_PROVINCES = {
    "anhui": "皖",
    "beijing": "京",
    "chongqing": "渝",
    "fujian": "闽",
    "gansu": "甘",
    "guangdong": "粤",
    "guangxi": "桂",
    "guizhou": "黔",
    "hainan": "琼",
    "hebei": "冀",
    "heilongjiang": "黑",
    "henan": "豫",
    "hong kong": "港",
    "hubei": "鄂",
    "hunan": "湘",
    "inner mongolia": "蒙",
    "jiangsu": "苏",
    "jiangxi": "赣",
    "jilin": "吉",
    "liaoning": "辽",
    "macau": "澳",
    "ningxia": "宁",
    "qinghai": "青",
    "shaanxi": "陕",
    "shandong": "鲁",
    "shanghai": "沪",
    "shanxi": "晋",
    "sichuan": "蜀",
    "taiwan": "台",
    "tianjin": "津",
    "tibet": "藏",
    "xinjiang": "新",
    "xizang": "藏",
    "yunnan": "云",
    "zhejiang": "浙",
}

_ENDINGS = (
    "壮族自治区",
    "回族自治区",
    "维吾尔自治区",
    "自治区",
    "特别行政区",
    "省",
    "市",
)


def short_province(name):
    """A Chinese province without the word for its rank.

    >>> short_province("广西壮族自治区"), short_province("广东省")
    ('广西', '广东')
    """
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name[: -len(ending)]
    return name
