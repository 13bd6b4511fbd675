from . import (
    export_wizard,
    operation_undo,
    override,
    reassign,
    segment_add,
    simulation,
)
