from . import export_wizard, operation_undo, reassign, segment_add
