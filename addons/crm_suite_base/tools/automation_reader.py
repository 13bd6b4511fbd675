class FieldReader:
    """Which values of records somebody may read, in the log and in trials of rules.

    A rule works with the rights of who manages it: what it saw is told only to those
    who may read the field, and who have claimed the customer where a pool masks it.
    """

    def __init__(self, records):
        """
        :param records: in the environment of who reads
        """
        self.records = records
        self._known = {}

    def may_read(self, id_, path):
        """Whether a value of a record may be told.

        :param int id_: of the record; false: of none
        :param str path: name of a field, or a path to one
        :rtype: bool
        """
        if path not in self._known:
            self._known[path] = self._look(path.split("."))
        closed, masked = self._known[path]
        return not closed and id_ not in masked

    def may_read_all(self, id_, paths):
        """The same for several paths."""
        return all(self.may_read(id_, path) for path in paths)

    def _look(self, names):
        """Whether a path is closed for all records, and of which it is masked."""
        model, masked = self.records.browse(), set()
        for place, name in enumerate(names):
            field = model._fields.get(name)
            if field is None:
                return False, masked  # a property, or gone: nothing is told of it
            if not model.has_access("read") or not model._has_field_access(
                field, "read"
            ):
                return True, masked
            pools = self._find_pools(model, name)
            if pools and place:
                return True, masked  # of another record: not asked for each of them
            if pools:
                masked = self.records._pool_get_masked(pools)
            if not field.relational:
                break
            model = model.env[field.comodel_name]
        return False, masked

    def _find_pools(self, model, name):
        masks = getattr(model, "_pool_masked_fields", None)
        return model._pool_hiding(name) if masks and name in masks() else ()
