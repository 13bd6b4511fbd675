from . import (
    test_export,
    test_host_export,
    test_mail_gateway,
    test_natural_date,
    test_normalize,
    test_tools_convert,
    test_tools_csv,
    test_tools_files,
    test_tools_fuzz,
    test_tools_vcard,
    test_tools_workbook,
    test_operation_undo,
)
