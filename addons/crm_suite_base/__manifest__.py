{
    "name": "CRM Suite: Customers",
    "version": "19.0.1.0.0",
    "summary": "One page for every customer, imports that can be undone, "
    "and the primitives on which the CRM suite is built",
    "category": "Sales/CRM",
    "author": "The CRM Suite team",
    "license": "LGPL-3",
    "depends": [
        "account",
        "base_automation",
        "base_import",
        "calendar",
        "contacts",
        "crm",
        "data_recycle",
        "phone_validation",
        "portal",
        "privacy_lookup",
        "rating",
        "sale_crm",
        "sale_management",
        "sale_stock",
        "web_hierarchy",
    ],
    "external_dependencies": {
        "python": [
            "chardet",
            "phonenumbers",
            "python-calamine",
            "python-stdnum",
            "xlrd",
            "xlsxwriter",
        ],
    },
    "data": [
        # security
        "security/crm_suite_groups.xml",
        "security/ir.model.access.csv",
        "security/crm_suite_security.xml",
        "security/import_security.xml",
        # data
        "data/import_data.xml",
        "data/lifecycle_stage_data.xml",
        "data/relation_type_data.xml",
        "data/ir_cron_data.xml",
        "data/export_cron.xml",
        # wizards
        "wizard/export_wizard_views.xml",
        # views
        "views/export_views.xml",
        "views/import_batch_views.xml",
        "views/import_profile_views.xml",
        "views/import_row_views.xml",
        "views/lifecycle_stage_views.xml",
        "views/relation_views.xml",
        "views/call_views.xml",
        "views/res_partner_views.xml",
        "views/customer_actions.xml",
        "views/purchase_views.xml",
        "views/crm_suite_menus.xml",
        "views/import_menus.xml",
    ],
    "demo": [],
    "assets": {
        "web.assets_backend": [
            "crm_suite_base/static/src/**/*",
        ],
        "web.assets_tests": [
            "crm_suite_base/static/tests/tours/**/*",
        ],
        "web.assets_unit_tests": [
            "crm_suite_base/static/tests/**/*.test.js",
        ],
    },
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
