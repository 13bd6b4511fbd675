"""Labels that were changed: what they were called in Chinese is loaded anew."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE ir_model_fields SET field_description = field_description - 'zh_CN'
         WHERE model = 'crm.suite.customer.metric' AND name = 'preferred_channel'
        """
    )
