from contextlib import contextmanager, nullcontext
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .approval_gate import make_gate
from .res_partner import ROLE

# Mark on the cursor while the engine itself writes a document: a context could be sent
# by any program.
PASSING = "crm_suite_approval_passing"
# The ids of the requests whose document is being written: who began to watch tells.
WATCHING = "crm_suite_approval_watching"
# The ids of the agreements by which a step is done now.
USING = "crm_suite_approval_using"
# Mark on the cursor while somebody edits or makes a document.
EDITING = "crm_suite_approval_editing"
REQUEST = "crm.suite.approval.request"
# So long a document says that it was rejected, unless it knows better.
REJECTED = timedelta(days=14)


@contextmanager
def _marked(env, name):
    marks = vars(env.cr)
    before = marks.get(name)
    marks[name] = True
    try:
        yield
    finally:
        marks[name] = before


@contextmanager
def noted(env, name, ids):
    """Keep ids in a set on the cursor for what is written inside."""
    kept = vars(env.cr).setdefault(name, set())
    new = set(ids) - kept
    kept |= new
    try:
        yield
    finally:
        kept -= new


def passing(env):
    """What is written inside is done by the engine: no flow starts or holds it."""
    return _marked(env, PASSING)


def editing(env):
    """What is written inside belongs to an edit that began outside and is none of its
    own: the contacts of a company, the first values of a document."""
    return _marked(env, EDITING)


class ApprovalMixin(models.AbstractModel):
    """A document about which people are asked.

    Inherit it before the model's own name and say what waits::

        _inherit = ["crm.suite.approval.mixin", "sale.order"]
        _approval_methods = ("action_confirm",)   # public methods that wait
        _approval_states = {"state": {"sale": "action_confirm"}}
        # values that only those methods may set
        _approval_ends = {"state": ("cancel",)}   # values with which requests end
        _approval_context = ("send_email",)
        # what callers of those methods switch on by the context

    A method that waits is called as always; where a flow holds a document the method
    leaves it as it is, puts it to the people and says so. Once they have agreed the
    engine calls it as the submitter. The gate lies around the outermost override of
    the method, so code of other addons does not run either.

    What a method sets that no single value tells, such as a stage of a kind, is told by
    :meth:`_approval_reached`. A step that is no method of the document is put to the
    people by whoever does it, see ``pool_approval.py``.

    Flows on the model, its place in the lists of requests and to-dos, what its forms
    show (``approval_form.py``) and the rights come with the mixin. A model without
    published flows pays one look-up in a cache.
    """

    _name = "crm.suite.approval.mixin"
    _description = "Document with Approvals"

    _approval_methods = ()
    _approval_states = {}
    _approval_ends = {}
    _approval_context = ()

    crm_suite_approval_id = fields.Many2one(
        "crm.suite.approval.request",
        string="Latest Approval",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups=ROLE,
    )
    crm_suite_approval_state = fields.Selection(
        related="crm_suite_approval_id.state", string="Approval", groups=ROLE
    )
    crm_suite_approval_waiting = fields.Char(
        string="Waiting For",
        compute="_compute_crm_suite_approval",
        compute_sudo=False,
        groups=ROLE,
    )
    crm_suite_approval_offered = fields.Boolean(
        string="May Be Put to Approval",
        compute="_compute_crm_suite_approval_offered",
        groups=ROLE,
    )
    crm_suite_approval_mine = fields.Boolean(
        string="I Decide",
        compute="_compute_crm_suite_approval",
        compute_sudo=False,
        groups=ROLE,
    )
    crm_suite_approval_returned = fields.Boolean(
        string="Returned",
        compute="_compute_crm_suite_approval",
        compute_sudo=False,
        groups=ROLE,
    )
    crm_suite_approval_rejected = fields.Boolean(
        string="Rejected",
        compute="_compute_crm_suite_approval_rejected",
        groups=ROLE,
    )

    @api.depends("crm_suite_approval_id.state", "crm_suite_approval_id.holder_ids")
    @api.depends_context("uid", "lang")
    def _compute_crm_suite_approval(self):
        # Whose turn it is may be known to whoever reads the document.
        asked = self.sudo().crm_suite_approval_id.with_env(self.env).sudo()
        tasks = asked._get_tasks_of(self.env.user)
        revise = tasks.filtered(lambda t: t.kind == "revise")
        mine = set(tasks.request_id._with_wholes().ids)
        back = set(revise.request_id._with_wholes().ids)
        for record in self:
            request = record.sudo().crm_suite_approval_id
            record.crm_suite_approval_waiting = request._describe_waiting()
            record.crm_suite_approval_mine = request.id in mine
            record.crm_suite_approval_returned = request.id in back

    @api.depends("crm_suite_approval_id.state")
    def _compute_crm_suite_approval_rejected(self):
        for record in self:
            state = record.crm_suite_approval_state
            record.crm_suite_approval_rejected = (
                state == "rejected" and record._approval_may_ask_again()
            )

    def _approval_may_ask_again(self):
        """Whether a rejection is still of use to who looks at the document. Hook.

        :rtype: bool
        """
        rejected = self.sudo().crm_suite_approval_id.finished_at
        return bool(rejected) and rejected > fields.Datetime.now() - REJECTED

    # === GATES AROUND METHODS === #

    def _register_hook(self):
        super()._register_hook()
        if self._abstract:
            return
        model_class = self.env.registry[self._name]
        for name in self._approval_methods:
            if name not in vars(model_class):
                setattr(model_class, name, make_gate(name, getattr(model_class, name)))

    def _unregister_hook(self):
        result = super()._unregister_hook()
        model_class = self.env.registry[self._name]
        for name in self._approval_methods:
            if name in vars(model_class) and not self._abstract:
                delattr(model_class, name)
        return result

    @api.model
    def _approval_steps(self):
        """The steps that may wait, with their names in the language of the user. Hook.

        :rtype: dict[str, str]
        """
        return {}

    @api.model
    def _approval_figures(self):
        """Fields and expressions that whoever decides sees first. Hook.

        :rtype: list[str]
        """
        return []

    @api.model
    def _approval_compared(self):
        """Fields and expressions beside the figures of which it is told that they
        changed while people are asked. Hook.

        :rtype: list[str]
        """
        return []

    def _approval_submitter(self):
        """Who asks: the user; where a customer or the system acts, who is in charge.

        :rtype: res.users
        """
        self.ensure_one()
        user = self.env.user
        # By his groups, which are in the cache of the registry.
        if user._is_superuser() or not user._is_internal():
            # The document's owner answers for what its customer signs.
            record = self.sudo()
            owner = "user_id" in record._fields and record.user_id
            return owner or record.create_uid
        return user

    # === WHAT A FLOW HOLDS === #

    def _approval_match(self, gates):
        """Which flow counts for which of the documents: the first that fits.

        :rtype: list[tuple[Gate, records]]
        """
        flows = self.env["crm.suite.approval.flow"]
        rest, found = self.sudo(), []
        for gate in gates:
            if not rest:
                break
            domain = flows._prepare_domain(self._name, gate.domain)
            fits = rest.filtered_domain(domain)
            if gate.company_id and "company_id" in self._fields:
                fits = fits.filtered(
                    lambda r, company=gate.company_id: (
                        (r.company_id or r.env.company).id == company
                    )
                )
            if fits:
                found.append((gate, fits))
                rest -= fits
        return found

    def _approval_split(self, gates, method, effect=None):
        """Ask the flows whether a step of the documents may be done now.

        Starts a request for those that are held and not yet asked about.

        :param dict effect: what is done after the agreement; the method by default
        :return: the documents that may go on; the requests by which some of them may;
            the requests for which the others wait; requests about what may go on that
            no flow asks for any more
        :rtype: tuple
        """
        asked = self.env[REQUEST].sudo()
        gates = [g for g in gates if g.start == "method" and g.method == method]
        waits = gates or self._approval_is_pending()
        if not waits or vars(self.env.cr).get(PASSING):
            return self, asked, asked, asked
        key = f"method:{method}"
        matched = self._approval_match(gates)
        standing = asked._find_standing(self, key)
        free, granted, held = self, asked, asked
        for gate, records in matched:
            for record in records:
                request = standing.pop(record.id, None)
                if not request:
                    request = asked._start(
                        record.with_env(self.env),
                        gate.version_id,
                        key=key,
                        effect=effect or {"kind": "method", "method": method},
                        inline=True,
                    )
                if request._is_granted():
                    granted |= request
                else:
                    held |= request
                    free -= self.browse(record.id)
        return free, granted, held, asked.union(*standing.values())

    def _approval_reached(self, vals=None):
        """What stands where only methods that wait may bring it. Hook.

        :param dict vals: what is about to be written; none: the documents were just made
        :return: documents by the name of the method
        :rtype: dict[str, records]
        """
        found = {}
        for name, methods in self._approval_states.items():
            for value, method in methods.items():
                if vals is None or vals.get(name) == value:
                    reached = self.filtered(lambda r, n=name, v=value: r[n] == v)
                    found[method] = reached if vals is None else self - reached
        return found

    def _approval_guard(self, gates, method):
        """Refuse what goes past a step that waits.

        :raise UserError: names the document and what to do
        """
        gates = [g for g in gates if g.start == "method" and g.method == method]
        if not gates or not self or vars(self.env.cr).get(PASSING):
            return
        key = f"method:{method}"
        standing = None
        for _gate, records in self._approval_match(gates):
            if standing is None:
                standing = self.env[REQUEST].sudo()._find_standing(self, key)
            for record in records:
                request = standing.get(record.id)
                if not request or not request._is_granted():
                    raise UserError(self._approval_refusal(record, request, method))

    def _approval_refusal(self, record, request, method):
        names = {
            "record": record.display_name,
            "step": self._approval_steps().get(method, method),
        }
        if request:
            return self.env._(
                "%(record)s waits: %(waiting)s. “%(step)s” is done by itself once everybody has agreed.",
                waiting=request._describe_waiting(),
                **names,
            )
        return self.env._(
            "%(record)s needs an agreement first. Use “%(step)s” of the document: it puts the matter to the right people.",
            **names,
        )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        gates = self.env["crm.suite.approval.flow"]._get_gates(self._name)
        if not gates or vars(self.env.cr).get(PASSING):
            return super().create(vals_list)
        vals_list, held = self._approval_take_held(gates, vals_list)
        with editing(self.env):
            records = super().create(vals_list)
        for method, reached in records._approval_reached().items():
            reached._approval_guard(gates, method)
        with editing(self.env):
            for record, vals in zip(records, held, strict=True):
                if vals:
                    record.write(vals)
        records._approval_begin([g for g in gates if g.start == "create"], "create")
        return records

    def write(self, vals):
        flows = self.env["crm.suite.approval.flow"]
        if not flows._is_used(self._name) or vars(self.env.cr).get(PASSING):
            return super().write(vals)
        gates, pending = flows._get_gates(self._name), self._approval_is_pending()
        if not gates and not pending:
            return super().write(vals)
        for method, reached in self._approval_reached(vals).items():
            reached._approval_guard(gates, method)
        meant = self._approval_meant(vals)
        changed = [
            g for g in gates if g.start == "fields" and meant.keys() & set(g.fields)
        ]
        touched = self._approval_get_touched(changed, meant)
        held = self._approval_hold(touched, vals) if touched else {frozenset(): self}
        edits, edited = self._approval_get_edits(gates), []
        # What begins to wait here hears of the rest of the write, too.
        told = pending or touched
        watching = self._approval_watching(vals) if told else nullcontext()
        with editing(self.env), watching:
            for names, records in held.items():
                rest = {name: vals[name] for name in vals if name not in names}
                super(ApprovalMixin, records).write(rest)
                edited += [records] if rest else []
        for gate, records in touched:
            if not gate.holds:
                records._approval_begin([gate], f"fields:{','.join(gate.fields)}")
        for records in edited if edits else ():
            records._approval_begin(edits, "edit")
        self._approval_end_with(vals)
        return True

    def unlink(self):
        if self._approval_is_pending():
            self.env[REQUEST].sudo()._find_open(self)._cancel(
                self.env._("The document was deleted.")
            )
        return super().unlink()

    # === WHILE PEOPLE ARE ASKED === #

    def _approval_is_pending(self):
        """Whether people are asked about one of the documents now, or have agreed to
        what was not done yet."""
        if not self.env["crm.suite.approval.flow"]._is_used(self._name):
            return False
        # Most documents were never asked about, and their row is read anyway.
        asked = self.sudo().crm_suite_approval_id
        return any(request._is_open() for request in asked)

    def _approval_do(self, step, *arguments):
        """Do after the agreement what is no method of the document. Hook.

        :param str step: one of :meth:`_approval_steps`
        """
        raise UserError(self.env._("“%(step)s” is no step.", step=step))

    @contextmanager
    def _approval_watching(self, vals=None):
        """Tell the requests of the documents that are not over what changed inside.

        Writing a document writes its lines: a request is told by the outermost only,
        which sees all of the change.
        """
        asked = self.env[REQUEST].sudo()
        if self.ids and self._approval_is_pending():
            watched = vars(self.env.cr).get(WATCHING, ())
            # Those who are asked in a flow within judge the same document.
            asked = asked._find_open(self)._with_parts()
            asked = asked.filtered(lambda r: r._is_open() and r.id not in watched)
        before = asked._read_watched()
        with noted(self.env, WATCHING, asked.ids):
            yield
        asked._watched_changed(before)

    def _approval_hears(self):
        """Whether a change of what belongs to the documents, such as their lines,
        matters: somebody is asked about them, or it is an edit that starts a flow.
        """
        flows = self.env["crm.suite.approval.flow"]
        return bool(
            self
            and flows._is_used(self._name)
            and (
                self._approval_get_edits(flows._get_gates(self._name))
                or self._approval_is_pending()
            )
        )

    @contextmanager
    def _approval_changing(self):
        """What belongs to the documents changes inside."""
        gates = self.env["crm.suite.approval.flow"]._get_gates(self._name)
        edits = self._approval_get_edits(gates)
        with editing(self.env), self._approval_watching():
            yield
        self.exists()._approval_begin(edits, "edit")

    def _approval_end_with(self, vals):
        """End the requests of documents that are cancelled or archived."""
        ends = any(
            vals.get(name) in values for name, values in self._approval_ends.items()
        )
        if (ends or vals.get("active") is False) and self._approval_is_pending():
            asked = self.env[REQUEST].sudo()._find_open(self)
            using = vars(self.env.cr).get(USING, ())
            asked.filtered(lambda request: request.id not in using)._cancel(
                self.env._("The document was cancelled.")
            )
