"""Find the day, and the time if there is one, in a line written by a person.

"send the offer tomorrow 3pm", "周五前寄样品", "call in two weeks", "11月6日下午三点拜访".
English and Chinese words are understood side by side, whatever the user's language,
because people mix them. Plain functions: text and now in, values out.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta


class Found(NamedTuple):
    """What was understood.

    ``when`` is ``None`` if the line names no day; ``time`` is "15:00" or "" if only
    the day was named; ``text`` is the line without the words of the date.
    """

    when: datetime | None
    time: str
    text: str

    @property
    def text_with_time(self):
        return f"{self.time} {self.text}".strip()


_NUMBER_WORDS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fourteen": 14,
    "半": 0.5,
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_EN_DAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_EN_MONTHS = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_ZH_DAYS = {char: index for index, char in enumerate("一二三四五六日")} | {"天": 6}

_N_EN = (
    r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen)"
)
_I_ZH = (
    r"(?:\d{1,3}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
)
_N_ZH = rf"(?:{_I_ZH}|半)"
_MONTH_EN = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_PREP = r"(?:\b(?:on|by|before|until|till|from|due)\s+)"
_LEAD = rf"{_PREP}?"
_ZH_TAIL = r"(?:之前|以前|前|以内|之内|内|左右)?"


def chinese_number(text):
    """
    >>> chinese_number("二十三"), chinese_number("十"), chinese_number("12")
    (23, 10, 12)
    """
    if text.isdigit():
        return int(text)
    if "十" in text:
        tens, _ten, ones = text.partition("十")
        return _NUMBER_WORDS.get(tens, 1) * 10 + _NUMBER_WORDS.get(ones, 0)
    return _NUMBER_WORDS[text.lower()]


def _iso(match, today):
    return date(*(int(part) for part in match.group("y", "m", "d")))


def _coming(month, day, today):
    """The next such day of the year, today included."""
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            # 29 February waits for its leap year; the 31st of a short month never is.
            continue
        if found >= today:
            return found
    return None


def _month_day(match, today):
    return _coming(
        chinese_number(match.group("m")), chinese_number(match.group("d")), today
    )


def _named_month(match, today):
    month = _EN_MONTHS.index(match.group("mon").lower()[:3]) + 1
    if match.groupdict().get("y"):
        return date(int(match.group("y")), month, int(match.group("d")))
    return _coming(month, int(match.group("d")), today)


def _day_of_month(match, today):
    day = chinese_number(match.group("d"))
    word = match.group("which") or ""
    start = today.replace(day=1) + relativedelta(months=word.count("下"))
    for months in range(13):
        first = start + relativedelta(months=months)
        try:
            found = first.replace(day=day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _plus(match, today):
    unit = match.group("unit").lower()
    number = chinese_number(match.group("n").lower())
    if unit.startswith(("d", "天", "日")):
        return today + timedelta(days=max(1, round(number)))
    if unit.startswith(("w", "周", "星", "礼")):
        return today + timedelta(days=round(number * 7))
    if unit.startswith(("y", "年")):
        return today + relativedelta(months=round(number * 12))
    if number == 0.5:
        return today + timedelta(days=15)
    return today + relativedelta(months=number)


def _weekday(index, which, today):
    monday = today - timedelta(days=today.weekday())
    if which:
        return monday + timedelta(days=index, weeks=which if which > 0 else 0)
    ahead = (index - today.weekday()) % 7
    return today + timedelta(days=ahead or 7)


def _weekday_zh(match, today):
    word = match.group("which") or ""
    which = word.count("下") or (-1 if word else 0)
    return _weekday(_ZH_DAYS[match.group("day")], which, today)


def _weekday_en(match, today):
    word = (match.group("which") or "").lower()
    which = {"next": 1, "this": -1}.get(word, 0)
    short = match.group("day").lower()[:3]
    index = next(i for i, name in enumerate(_EN_DAYS) if name.startswith(short))
    return _weekday(index, which, today)


def _days(number):
    return lambda _match, today: today + timedelta(days=number)


def _month_end(months):
    return lambda _match, today: today + relativedelta(months=months, day=31)


def _zh_month_end(match, today):
    return today + relativedelta(months=match.group("which").count("下"), day=31)


def _year_end(_match, today):
    return date(today.year, 12, 31)


def _week_day(index, weeks):
    def found(_match, today):
        monday = today - timedelta(days=today.weekday())
        day = monday + timedelta(days=index, weeks=weeks)
        return day if day >= today else day + timedelta(weeks=1)

    return found


def _next_month(_match, today):
    return today + relativedelta(months=1, day=1)


_DAY_RULES = [
    (
        rf"{_LEAD}(?P<y>20\d\d)[-/.年](?P<m>\d{{1,2}})[-/.月](?P<d>\d{{1,2}})日?{_ZH_TAIL}",
        _iso,
    ),
    (
        rf"{_LEAD}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<mon>{_MONTH_EN})\b\.?(?:,?\s+(?P<y>20\d\d))?",
        _named_month,
    ),
    (
        rf"{_LEAD}\b(?P<mon>{_MONTH_EN})\.?\s+(?:the\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>20\d\d))?",
        _named_month,
    ),
    (
        rf"(?P<m>\d{{1,2}}|十[一二]?|[一二三四五六七八九])月(?P<d>{_I_ZH})[日号]?{_ZH_TAIL}",
        _month_day,
    ),
    (rf"{_PREP}(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})\b", _month_day),
    (r"(?P<m>\d{1,2})/(?P<d>\d{1,2})(?:之前|以前|前)", _month_day),
    (rf"大后天{_ZH_TAIL}", _days(3)),
    (rf"后天{_ZH_TAIL}", _days(2)),
    (rf"(?:明天|明日|明儿){_ZH_TAIL}|明(?=[早晚])", _days(1)),
    (rf"(?:今天|今日|今儿){_ZH_TAIL}|今(?=[早晚])", _days(0)),
    (rf"{_LEAD}\b(?:the\s+)?day\s+after\s+tomorrow\b", _days(2)),
    (rf"{_LEAD}\b(?:tomorrow|tmrw?|tmw)\b", _days(1)),
    (rf"{_LEAD}\b(?:today|eod|end\s+of\s+(?:the\s+)?day)\b", _days(0)),
    (r"\bto(?=night\b)", _days(0)),
    (
        rf"\b(?:in|within|after)\s+(?P<n>{_N_EN})\s+(?P<unit>days?|weeks?|months?|years?)\b",
        _plus,
    ),
    (
        rf"\b(?P<n>{_N_EN})\s+(?P<unit>days?|weeks?|months?|years?)\s+(?:from\s+now|later)\b",
        _plus,
    ),
    (
        rf"(?:过)?(?P<n>{_N_ZH})个?(?P<unit>天|日|周|星期|礼拜|月|年)(?:之后|以后|后|之内|以内|内)",
        _plus,
    ),
    (rf"(?P<which>下下个?月|下个?月|本月|这个?月)(?:底|末){_ZH_TAIL}", _zh_month_end),
    (
        rf"(?P<which>下下个?月|下个?月|本月|这个?月)?(?P<d>\d{{1,2}}|{_I_ZH})[号日](?!线|楼|店){_ZH_TAIL}",
        _day_of_month,
    ),
    (
        rf"(?P<which>下下个?|下个?|本|这个?)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天]){_ZH_TAIL}",
        _weekday_zh,
    ),
    (
        rf"{_LEAD}\b(?:(?P<which>next|this)\s+)?(?P<day>mon(?:day)?|tue(?:s(?:day)?)?|wednesday|thu(?:rs(?:day)?)?|fri(?:day)?|saturday|sunday)\b",
        _weekday_en,
    ),
    # Short names that are also words ("sat", "sun") need a word before them.
    (
        rf"{_PREP}(?:(?P<which>next|this)\s+)?(?P<day>wed|sat|sun)\b",
        _weekday_en,
    ),
    (r"\b(?P<which>next|this)\s+(?P<day>wed|sat|sun)\b", _weekday_en),
    (rf"(?:下个?|下)周末{_ZH_TAIL}", _week_day(5, 1)),
    (rf"(?:本|这个?)?周末{_ZH_TAIL}", _week_day(5, 0)),
    (rf"(?:下个?周|下个?星期|下个?礼拜)(?:内)?{_ZH_TAIL}", _week_day(0, 1)),
    (rf"(?:本周|这周)(?:内)?{_ZH_TAIL}", _week_day(4, 0)),
    (rf"(?:月底|月末){_ZH_TAIL}", _month_end(0)),
    (rf"(?:年底|年末){_ZH_TAIL}", _year_end),
    (rf"下个?月(?:初)?{_ZH_TAIL}", _next_month),
    (
        rf"{_LEAD}\b(?:the\s+)?end\s+of\s+(?:the\s+|this\s+)?week\b|{_LEAD}\beow\b",
        _week_day(4, 0),
    ),
    (rf"{_LEAD}\b(?:the\s+)?end\s+of\s+next\s+month\b", _month_end(1)),
    (
        rf"{_LEAD}\b(?:the\s+)?end\s+of\s+(?:the\s+|this\s+)?month\b|{_LEAD}\beom\b",
        _month_end(0),
    ),
    (
        rf"{_LEAD}\b(?:the\s+)?end\s+of\s+(?:the\s+|this\s+)?year\b|{_LEAD}\beoy\b",
        _year_end,
    ),
    (rf"{_LEAD}\bnext\s+week\b", _week_day(0, 1)),
    (rf"{_LEAD}\bnext\s+month\b", _next_month),
]
_DAY_RULES = [(re.compile(rule, re.IGNORECASE), found) for rule, found in _DAY_RULES]

_TIME_ZH = re.compile(
    r"(?P<part>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|早|晚)?\s*"
    rf"(?:(?P<h>\d{{1,2}}|十[一二]?|[一二两三四五六七八九])(?:点钟?|时)"
    rf"(?:(?P<half>半)|(?P<quarter>一刻)|(?P<m>{_I_ZH})分?)?"
    r"|(?P<h2>\d{1,2})[:：](?P<m2>\d{2})(?!\s*[ap]\.?m))(?:之前|以前|前)?"
)
_TIME_EN = re.compile(
    r"(?:\b(?:at|by|before|around)\s+)?"
    r"\b(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))?\s*(?P<half>[ap])\.?m\b\.?"
    r"|(?:\bat\s+)(?P<h2>\d{1,2})(?:[:：](?P<m2>\d{2}))?(?:\s*o'?clock)?(?![\d/])"
    r"|\b(?P<h3>\d{1,2}):(?P<m3>\d{2})\b",
    re.IGNORECASE,
)
_PART_OF_DAY = [
    (
        re.compile(
            r"\b(?:in\s+the\s+)?morning\b|早上|早晨|上午|一早|(?<=[明今])早",
            re.IGNORECASE,
        ),
        9,
    ),
    (re.compile(r"\b(?:at\s+)?noon\b|中午", re.IGNORECASE), 12),
    (re.compile(r"\b(?:in\s+the\s+)?afternoon\b|下午", re.IGNORECASE), 14),
    (
        re.compile(
            r"\b(?:in\s+the\s+)?(?:evening|night)\b|晚上|傍晚|(?<=[明今])晚",
            re.IGNORECASE,
        ),
        19,
    ),
]


def _find_day(text, today):
    """The first day named in ``text`` and where it stands; of two readings that
    begin together the longer one is meant ("day after tomorrow", "下周五")."""
    best = None
    for rule, handler in _DAY_RULES:
        for match in rule.finditer(text):
            rank = (match.start(), -match.end())
            if best and rank >= best[0]:
                break
            try:
                day = handler(match, today)
            except (ValueError, OverflowError):
                # 2026-13-45, or a number of years beyond the calendar.
                continue
            if day:
                best = (rank, day, match.span())
                break
    return best and best[1:]


def _clock(hour, minute, part):
    """A time of day, by the part of the day or else by the hours people work."""
    if hour > 24 or minute > 59:
        return None
    if part in ("p", "下午", "傍晚", "晚上", "晚") and hour < 12:
        hour += 12
    elif part == "中午" and hour < 3:
        hour += 12
    elif part in ("a", "凌晨") and hour == 12:
        hour = 0
    elif part == "" and 1 <= hour <= 6:
        hour += 12
    return time(hour % 24, minute)


def _zh_clock(match):
    part = match.group("part") or ""
    if match.group("h2"):
        # "3:00" is written by the 24-hour clock unless a part of the day is named.
        return _clock(int(match.group("h2")), int(match.group("m2")), part or "24")
    minute = 0
    if match.group("half"):
        minute = 30
    elif match.group("quarter"):
        minute = 15
    elif match.group("m"):
        minute = int(chinese_number(match.group("m")))
    return _clock(int(chinese_number(match.group("h"))), minute, part)


def _en_clock(match):
    if match.group("half"):
        half = match.group("half").lower()
        return _clock(int(match.group("h")), int(match.group("m") or 0), half)
    if match.group("h2"):
        minute = match.group("m2")
        return _clock(int(match.group("h2")), int(minute or 0), "24" if minute else "")
    return _clock(int(match.group("h3")), int(match.group("m3")), "24")


def _find_time(text):
    for rule, clock in ((_TIME_ZH, _zh_clock), (_TIME_EN, _en_clock)):
        if match := rule.search(text):
            found = clock(match)
            if found is not None:
                return found, match.span()
    for rule, hour in _PART_OF_DAY:
        if match := rule.search(text):
            return time(hour), match.span()
    return None


def _cut(text, *spans):
    """``text`` without the given parts and the punctuation left hanging by them."""
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + "\0" + text[end:]
    text = re.sub(r"\s*\0\s*(?=[,，.。;；、])", "", text)
    text = re.sub(r"(?<=[，。；、])\0\s*", "", text)
    text = re.sub(r"\s*\0\s*(?=[,，.。;；、\0]|$)|^\s*\0\s*", "\0", text)
    text = re.sub(r"^[\0\s,，;；、:：]+|[\0\s,，;；、]+$", "", text)
    text = re.sub(r"(?<=[一-鿿])\0(?=[一-鿿])|(?<=[一-鿿])[ ]*\0", "", text)
    text = text.replace("\0", " ")
    text = re.sub(r"\s+(?:on|by|at|before|until)$", "", text, flags=re.IGNORECASE)
    return " ".join(text.split())


def parse_when(text, now):
    """The day named in a line and the line without it.

    :param str text: one line, English or Chinese or both
    :param datetime now: the user's local time, naive
    :rtype: Found

    >>> monday = datetime(2026, 11, 2, 10, 0)
    >>> parse_when("周五前寄样品", monday)
    Found(when=datetime.datetime(2026, 11, 6, 0, 0), time='', text='寄样品')
    >>> parse_when("send offer tomorrow 3pm", monday).text_with_time
    '15:00 send offer'
    """
    text = (text or "").strip()
    day = _find_day(text, now.date())
    # What names the day cannot name the hour too ("3 days", "11月6日").
    rest = text if day is None else _blank(text, day[1])
    clock = _find_time(rest)
    if day is None and clock is None:
        return Found(None, "", text)
    at = clock[0] if clock else time()
    when = datetime.combine(day[0] if day else now.date(), at)
    if day is None and when < now:
        when += timedelta(days=1)
    spans = [found[1] for found in (day, clock) if found]
    return Found(when, f"{at:%H:%M}" if clock else "", _cut(text, *spans))


def _blank(text, span):
    start, end = span
    # A last 明 or 今 stays, so that 明早 and 今晚 can be read.
    keep = text[end - 1] if text[end - 1] in "明今" else "\0"
    return text[:start] + "\0" * (end - start - 1) + keep + text[end:]
