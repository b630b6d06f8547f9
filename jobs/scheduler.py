"""When each job runs: triggers, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from jobs.activate_policies import activate_policies
from jobs.apply_retention import apply_retention
from jobs.catch_up_with_sessions import catch_up_with_sessions
from jobs.check_audit_seals import check_audit_seals
from jobs.check_expiries import check_expiries
from jobs.check_return_deadlines import check_return_deadlines
from jobs.check_sla import check_sla
from jobs.commit_decisions import commit_decisions
from jobs.deliver_notices import deliver_notices
from jobs.fold_tallies import fold_tallies
from jobs.follow_intake import follow_intake
from jobs.forget_drafts import forget_drafts
from jobs.forget_old_runs import forget_old_runs
from jobs.keep_audit_months import keep_audit_months
from jobs.keep_object_holds import keep_object_holds
from jobs.note_overdue_reviews import note_overdue_reviews
from jobs.reevaluate_items import reevaluate_items
from jobs.release_holds import release_holds
from jobs.release_idle_claims import release_idle_claims
from jobs.remind_of_access_reviews import remind_of_access_reviews
from jobs.schedule import Job, Monthly
from jobs.seal_audit_trail import seal_audit_trail
from jobs.take_in_folder import take_in_folder
from jobs.verify_audit_slice import verify_audit_slice
from jobs.verify_chains import verify_chains

JOBS = (
    Job("commit decisions", timedelta(seconds=5), commit_decisions),
    Job("release idle claims", timedelta(seconds=15), release_idle_claims),
    Job("release holds", timedelta(minutes=1), release_holds),
    Job("activate policies", timedelta(seconds=30), activate_policies),
    Job("shadow policy", timedelta(seconds=30), follow_intake),
    Job("re-evaluate items", timedelta(seconds=10), reevaluate_items),
    Job("check SLA", timedelta(seconds=30), check_sla),
    Job("check return deadlines", timedelta(seconds=30), check_return_deadlines),
    Job("deliver notices", timedelta(seconds=15), deliver_notices),
    Job("fold queue figures", timedelta(minutes=1), fold_tallies),
    Job("catch up with sessions", timedelta(seconds=30), catch_up_with_sessions),
    Job("apply retention", timedelta(days=1), apply_retention, at=timedelta(hours=5), longest=timedelta(hours=1)),
    Job("keep audit months", timedelta(days=1), keep_audit_months, at=timedelta(hours=4), longest=timedelta(hours=3)),
    Job("keep object holds", timedelta(minutes=5), keep_object_holds),
    Job("note overdue reviews", timedelta(minutes=15), note_overdue_reviews),
    Job("remind of access reviews", timedelta(hours=6), remind_of_access_reviews),
    Job("take in folder", timedelta(seconds=15), take_in_folder, longest=timedelta(hours=1)),
    Job("check expiries", timedelta(hours=6), check_expiries),
    Job("seal audit trail", timedelta(hours=1), seal_audit_trail),
    Job("check audit seals", timedelta(days=1), check_audit_seals, at=timedelta(hours=6, minutes=30)),
    Job("verify audit slice", timedelta(days=1), verify_audit_slice, at=timedelta(hours=6), longest=timedelta(hours=1)),
    Job("verify chains", Monthly(timedelta(hours=7)), verify_chains, longest=timedelta(hours=6)),
    Job("forget drafts", timedelta(hours=1), forget_drafts),
    Job("forget old job runs", timedelta(hours=6), forget_old_runs),
)
