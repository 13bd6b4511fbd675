import { currencies, formatCurrency, getCurrency } from "@web/core/currency";
import { deserializeDate, deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { formatFloat } from "@web/core/utils/numbers";
import { nbsp } from "@web/core/utils/strings";

const { DateTime } = luxon;
const SHORT_FROM = 10000;

/**
 * A big number in few characters, in the reader's own units: 1.2M, 120万.
 * The host's humanNumber only knows powers of a thousand.
 *
 * @param {number} value
 * @returns {string}
 */
export function shortNumber(value) {
    const compact = Math.abs(value) >= SHORT_FROM;
    return new Intl.NumberFormat(user.lang, {
        notation: compact ? "compact" : "standard",
        maximumFractionDigits: compact ? 1 : 0,
    }).format(value);
}

/** A name and what is said of it, with the colon of the reader's language. */
export function labelled(label, value) {
    return String(_t("%(label)s: %(value)s", { label, value }));
}

/** The server names currencies by code in data for programs, by id in rows. */
function currencyIdOf(currency) {
    if (typeof currency !== "string") {
        return currency?.id || currency;
    }
    return Number(Object.keys(currencies).find((id) => currencies[id].name === currency));
}

/**
 * @param {number} value
 * @param {string|number|{id: number}} currencyRef code, id or named record
 */
export function shortMoney(value, currencyRef) {
    const currency = getCurrency(currencyIdOf(currencyRef));
    const parts = [currency?.symbol, shortNumber(value || 0)].filter(Boolean);
    if (currency?.position === "after") {
        parts.reverse();
    }
    return parts.join(nbsp);
}

export function fullMoney(value, currencyRef) {
    return formatCurrency(value || 0, currencyIdOf(currencyRef));
}

/** Names in a row, with the comma of the reader's language. */
export function listText(names) {
    return names.join(user.lang.startsWith("zh") ? "、" : ", ");
}

/** @param {number} share 1 for all of it */
export function percentText(share) {
    return new Intl.NumberFormat(user.lang, {
        style: "percent",
        maximumFractionDigits: 0,
    }).format(share);
}

export function fullNumber(value) {
    return formatFloat(value || 0, { digits: [16, 0] });
}

/**
 * @param {string|false} value a server date or datetime (UTC)
 * @returns {DateTime|null} in the reader's time zone
 */
export function parseServerDate(value) {
    if (!value) {
        return null;
    }
    return value.length > 10 ? deserializeDateTime(value) : deserializeDate(value);
}

/** Near dates as distance, others as a short date without the current year. */
export function nearDate(value) {
    const date = parseServerDate(value);
    if (!date) {
        return "";
    }
    const today = DateTime.local().startOf("day");
    const days = Math.round(date.startOf("day").diff(today, "days").days);
    if (Math.abs(days) <= 7) {
        return date.toRelativeCalendar({ base: today, unit: "days" });
    }
    const format = { day: "numeric", month: "short" };
    if (date.year !== today.year) {
        format.year = "numeric";
    }
    return date.toLocaleString(format);
}

export function exactDate(value) {
    const date = parseServerDate(value);
    if (!date) {
        return "";
    }
    return date.toLocaleString(
        value.length > 10 ? DateTime.DATETIME_MED_WITH_WEEKDAY : DateTime.DATE_MED_WITH_WEEKDAY
    );
}

export function timeOfDay(value) {
    return value?.length > 10 ? parseServerDate(value).toLocaleString(DateTime.TIME_SIMPLE) : "";
}

export function daysText(days) {
    return days === 1 ? _t("1 day") : _t("%s days", shortNumber(days));
}

export function agoText(days) {
    if (days <= 0) {
        return _t("today");
    }
    return days === 1 ? _t("yesterday") : _t("%s days ago", shortNumber(days));
}

/**
 * Sentence of a failed server call, for a message beside the thing that failed.
 *
 * @param {Error} error
 * @returns {string}
 */
export function errorText(error) {
    return (
        error?.data?.message ||
        error?.message ||
        _t("The server could not be reached. Check the connection and try again.")
    );
}
