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

# Municipalities and prefectures, without the word for their rank.
CN_CITIES = frozenset(
    """
    北京 上海 天津 重庆 石家庄 唐山 秦皇岛 邯郸 邢台 保定 张家口
    承德 沧州 廊坊 衡水 太原 大同 阳泉 长治 晋城 朔州 晋中 运城
    忻州 临汾 吕梁 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 呼伦贝尔
    巴彦淖尔 乌兰察布 兴安 锡林郭勒 阿拉善 沈阳 大连 鞍山 抚顺 本溪
    丹东 锦州 营口 阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛 长春 吉林 四平
    辽源 通化 白山 松原 白城 延边 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山
    大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 大兴安岭 南京 无锡
    徐州 常州 苏州 南通 连云港 淮安 盐城 扬州 镇江 泰州 宿迁 杭州
    宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 合肥 芜湖
    蚌埠 淮南 马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州
    池州 宣城 福州 厦门 莆田 三明 泉州 漳州 南平 龙岩 宁德 南昌
    景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶 济南 青岛
    淄博 枣庄 东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城
    滨州 菏泽 郑州 开封 洛阳 平顶山 安阳 鹤壁 新乡 焦作 濮阳 许昌
    漯河 三门峡 南阳 商丘 信阳 周口 驻马店 武汉 黄石 十堰 宜昌
    襄阳 鄂州 荆门 孝感 荆州 黄冈 咸宁 随州 恩施 长沙 株洲 湘潭
    衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化 娄底 湘西 广州
    韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾
    河源 阳江 清远 东莞 中山 潮州 揭阳 云浮 南宁 柳州 桂林 梧州
    北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左 海口 三亚
    三沙 儋州 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山
    南充 眉山 宜宾 广安 达州 雅安 巴中 资阳 阿坝 甘孜 凉山 贵阳
    六盘水 遵义 安顺 毕节 铜仁 黔西南 黔东南 黔南 昆明 曲靖 玉溪
    保山 昭通 丽江 普洱 临沧 楚雄 红河 文山 西双版纳 大理 德宏
    怒江 迪庆 拉萨 日喀则 昌都 林芝 山南 那曲 阿里 西安 铜川 宝鸡
    咸阳 渭南 延安 汉中 榆林 安康 商洛 兰州 嘉峪关 金昌 白银 天水
    武威 张掖 平凉 酒泉 庆阳 定西 陇南 临夏 甘南 西宁 海东 海北
    黄南 海南 果洛 玉树 海西 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐
    克拉玛依 吐鲁番 哈密 昌吉 博尔塔拉 巴音郭楞 阿克苏 克孜勒苏 喀什
    和田 伊犁 塔城 阿勒泰
    """.split()
)

# Characters that only the simplified script of the mainland has: other scripts write
# 電 話 郵 聯 務 統 職 網 銷 訂 單 碼 機 稱.
_SIMPLIFIED = frozenset("电话邮联务统职网销订单码机称")

_ENDINGS = (
    "壮族自治区",
    "回族自治区",
    "维吾尔自治区",
    "自治区",
    "特别行政区",
    "省",
    "市",
    "地区",
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


def is_chinese_city(name):
    """Whether ``name`` is the Chinese name of a city in China.

    >>> is_chinese_city("深圳市"), is_chinese_city("Shenzhen, TX")
    (True, False)
    """
    name = name.strip()
    return name in CN_CITIES or short_province(name) in CN_CITIES


def is_simplified(text):
    """Whether ``text`` is written in the script of the mainland.

    >>> is_simplified("联系电话"), is_simplified("聯絡電話"), is_simplified("Phone")
    (True, False, False)
    """
    return not _SIMPLIFIED.isdisjoint(text)
