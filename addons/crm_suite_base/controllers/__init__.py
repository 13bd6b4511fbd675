from . import export, host_export, mail
