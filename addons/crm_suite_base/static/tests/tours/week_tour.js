import { registry } from "@web/core/registry";

import { askForLeave, mergeAndUndo, takeBackAndUndo } from "./tour_steps";

/** A day as it is typed in English. */
const inDays = (days) => {
    const day = new Date(Date.now() + days * 24 * 3600 * 1000);
    const [month, date] = [day.getMonth() + 1, day.getDate()].map((n) =>
        String(n).padStart(2, "0")
    );
    return `${month}/${date}/${day.getFullYear()}`;
};
const tours = registry.category("web_tour.tours");
const ROW = ".o_crm_suite_conflict_row";
const POOL = ".o_crm_suite_facts .o_crm_suite_fact:has([name=crm_suite_pool_id])";

// The file of docs/week.md: the second company is there already, by phone and name.
const FILE = [
    "公司名称,统一社会信用代码,电话,城市",
    "无锡惠砚传动设备有限公司,,0510-86000901,无锡市",
    "徐州磐朔工程机械公司,,0516-86000014,徐州市",
    "嘉兴远汀包装材料有限公司,91330108DEM000137X,0573-86000013,嘉兴市",
].join("\n");

/** Monday, the sales lead: a list from the fair, with a customer that is there already. */
tours.add("crm_suite_week_import", {
    steps: () => [
        { trigger: ".o_list_button_add", run: "click", timeout: 60000 },
        {
            content: "The file",
            trigger: ".o_field_widget[name=file] input[type=file]:not(:visible)",
            run({ anchor }) {
                const files = new DataTransfer();
                files.items.add(new File([FILE], "week.csv", { type: "text/csv" }));
                anchor.files = files.files;
                anchor.dispatchEvent(new Event("change", { bubbles: true }));
            },
        },
        {
            content: "It was taken",
            trigger: ".o_field_widget[name=file]:has(:value(week.csv)), .o_field_widget[name=file]:contains(week.csv)",
        },
        { trigger: "button[name=button_preview]", run: "click" },
        { trigger: "button[name=button_dry_run].btn-primary", run: "click", timeout: 30000 },
        {
            content: "Row 3 may be a customer that exists",
            trigger: ".o_crm_suite_import_problems tr:contains(徐州磐朔)",
            timeout: 30000,
        },
        { trigger: "button[name=button_run].btn-primary:contains(Import)", run: "click" },
        {
            content: "Two were created, and it can be undone",
            trigger:
                ".o_crm_suite_import_tiles button:contains(2):contains(Created)",
            timeout: 60000,
        },
        { trigger: "button[name=action_show_undo]" },
    ],
});

/** Tuesday, a representative: is this customer free? */
tours.add("crm_suite_week_check", {
    steps: () => [
        {
            trigger: "#o_crm_suite_conflict_input",
            run: "edit 苏州澄禾精密仪器",
            timeout: 60000,
        },
        { trigger: "button[type=submit]:contains(Check):enabled", run: "click" },
        {
            content: "Li Na has it",
            trigger: `${ROW}[data-state=owned]:contains(Li Na)`,
        },
    ],
});

/** Wednesday, the same: claim one, ask when it would go back, give another one back. */
tours.add("crm_suite_week_claim", {
    steps: () => [
        {
            content: "Phone and e-mail are hidden until somebody claims",
            trigger:
                ".o_kanban_record:contains(徐州磐朔工程机械有限公司) button[name=action_crm_suite_claim]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Nobody else can claim it now",
            trigger: ".o_kanban_view:not(:has(.o_kanban_record:contains(徐州磐朔工程机械有限公司)))",
            timeout: 30000,
        },
    ],
});
tours.add("crm_suite_week_return", {
    steps: () => [
        {
            content: "When would the pool take it back by itself, and why?",
            trigger: `${POOL} .o_crm_suite_why`,
            run: "click",
            timeout: 60000,
        },
        { trigger: ".o_crm_suite_why_content:contains(restarts the clock)" },
        {
            trigger: "button[name=action_crm_suite_pool_wizard]:contains(Return)",
            run: "click",
        },
        { trigger: ".modal div[name=reason] input", run: "edit Buys elsewhere until spring" },
        { trigger: ".modal button[name=action_apply]", run: "click" },
        {
            content: "It can be claimed again",
            trigger: "body:not(:has(.modal)) button[name=action_crm_suite_claim]",
            timeout: 30000,
        },
    ],
});

/** Thursday, the sales lead: simulate taking back, do it, take it back; approve leave. */
tours.add("crm_suite_week_take_back", {
    steps: () => [
        {
            trigger: "div[name=idle_days] input",
            run: "edit 2",
            timeout: 60000,
        },
        { trigger: ".o_form_button_save:enabled", run: "click" },
        { trigger: ".o_form_saved button[name=action_simulate_return], button[name=action_simulate_return]", run: "click" },
        {
            content: "Some would go back, others stay for an open quote",
            trigger: ".o_form_view:contains(an open quote)",
            timeout: 30000,
        },
        ...takeBackAndUndo(),
        { trigger: "body:not(:has(.modal)) .o_form_view", timeout: 30000 },
    ],
});
/** … for which a representative asked. */
tours.add("crm_suite_week_ask_leave", {
    steps: () => [
        ...askForLeave(inDays(6), inDays(11), "Zhao Lei"),
        {
            content: "Her lead has to agree",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('To Approve')",
            timeout: 30000,
        },
        {
            content: "Who decides?",
            trigger: ".o_form_view .o_crm_suite_why",
            run: "click",
        },
        { trigger: ".o_crm_suite_why_content:contains('agrees first')" },
    ],
});
tours.add("crm_suite_week_leave", {
    steps: () => [
        {
            trigger:
                ".o_crm_suite_todo_list[data-key=absences] li:contains(Wang Fang) [data-method=action_approve]",
            run: "click",
            timeout: 60000,
        },
        {
            trigger:
                ".o_crm_suite_todo:not(:has(.o_crm_suite_todo_list[data-key=absences] li:contains(Wang Fang)))",
            timeout: 30000,
        },
    ],
});
/** … and who covers finds the lead that came meanwhile, and why he got it. */
tours.add("crm_suite_week_cover", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Week: a lead for who is away) .o_crm_suite_why",
            run: "click",
            timeout: 60000,
        },
        { trigger: ".o_crm_suite_why_content:contains(Wang Fang)" },
    ],
});
/** … and the task about a lead that stays hers. */
tours.add("crm_suite_week_cover_task", {
    steps: () => [
        {
            trigger:
                ".o_crm_suite_todo_list[data-key=activities] li:contains(Week: a lead from her mailbox):contains(Wang Fang) [data-method=action_done]",
            run: "click",
            timeout: 60000,
        },
        {
            trigger:
                ".o_crm_suite_todo:not(:has(li:contains(Week: a lead from her mailbox):contains(Wang Fang)))",
            timeout: 30000,
        },
    ],
});
/** Back again: what is still open is hers, and she reads what was done. */
tours.add("crm_suite_week_back", {
    steps: () => [
        {
            trigger: "button[name=action_return]",
            run: "click",
            timeout: 60000,
        },
        { trigger: ".modal .btn-primary", run: "click" },
        {
            content: "While You Were Away",
            trigger: "div[name=digest]:contains(Zhao Lei did 1):contains(are yours again)",
            timeout: 30000,
        },
        { trigger: ".o_statusbar_status .o_arrow_button_current:contains(Back)" },
        {
            content: "What was covered, and why by him",
            trigger: "button[name=action_show_work]",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(New lead while) .o_crm_suite_why",
            run: "click",
            timeout: 30000,
        },
        { trigger: ".o_crm_suite_why_content:contains(and named):contains(Zhao Lei)" },
    ],
});

/** Friday, the sales lead: two records become one, and two again. */
tours.add("crm_suite_week_merge", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(苏州澄禾精密仪器公司) td[name=left_name]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Why are they called the same?",
            trigger: ".o_crm_suite_compare .o_crm_suite_why",
            run: "click",
            timeout: 30000,
        },
        { trigger: ".o_crm_suite_why_content" },
        ...mergeAndUndo(),
    ],
});
