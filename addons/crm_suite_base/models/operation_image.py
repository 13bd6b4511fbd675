"""Reading the images of rows (see ``tools/undo.py``) from the database."""

from odoo.tools import SQL


def read_columns(env, shape, names, ids):
    """Read some columns of rows.

    :param Shape shape: of the model
    :return: ``{id: image}`` of the rows that exist
    :rtype: dict
    """
    return dict(
        env.execute_query(
            SQL(
                "SELECT t.id, to_jsonb(t) FROM (SELECT %s FROM %s WHERE id = ANY(%s)) t",
                SQL(", ").join(SQL.identifier(name) for name in ("id", *names)),
                SQL.identifier(shape.table),
                list(ids),
            )
        )
    )


def read_relations(env, shape, names, ids):
    """Read many2many fields of rows as sorted lists of ids.

    :return: ``{id: {field: [other id]}}`` for all given ids
    :rtype: dict
    """
    images = {id_: {name: [] for name in names} for id_ in ids}
    for name in names:
        table, own, other = shape.relations[name]
        for id_, others in env.execute_query(
            SQL(
                """
                SELECT %(own)s, array_agg(%(other)s ORDER BY %(other)s)
                  FROM %(table)s
                 WHERE %(own)s = ANY(%(ids)s)
              GROUP BY %(own)s
                """,
                own=SQL.identifier(own),
                other=SQL.identifier(other),
                table=SQL.identifier(table),
                ids=list(ids),
            )
        ):
            images[id_][name] = others
    return images


def read_image(env, shape, names, ids):
    """Read columns and many2many fields of the rows that exist.

    :rtype: dict
    """
    columns = [name for name in names if name in shape.columns]
    relations = [name for name in names if name in shape.relations]
    images = read_columns(env, shape, columns, ids)
    for id_, image in read_relations(env, shape, relations, list(images)).items():
        images[id_].update(image)
    return images


def read_rows(env, shape, ids):
    """Read whole rows.

    :return: ``{id: image of the whole row}``
    :rtype: dict
    """
    return dict(
        env.execute_query(
            SQL(
                "SELECT t.id, to_jsonb(t) FROM %s t WHERE t.id = ANY(%s)",
                SQL.identifier(shape.table),
                list(ids),
            )
        )
    )


def created_image(shape, alias="t"):
    """Compose the image of a created row; NULLs and empty relations are left out.

    :rtype: SQL
    """
    parts = [
        SQL(
            "(SELECT to_jsonb(x) FROM (SELECT %s) x)",
            SQL(", ").join(SQL.identifier(alias, name) for name in shape.columns),
        )
    ]
    for name, (relation, own, other) in shape.relations.items():
        parts.append(
            SQL(
                """jsonb_build_object(%s, (
                    SELECT jsonb_agg(m.%s ORDER BY m.%s) FROM %s m WHERE m.%s = %s
                ))""",
                name,
                SQL.identifier(other),
                SQL.identifier(other),
                SQL.identifier(relation),
                SQL.identifier(own),
                SQL.identifier(alias, "id"),
            )
        )
    return SQL("jsonb_strip_nulls(%s)", SQL(" || ").join(parts))
