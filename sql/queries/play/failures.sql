-- calls that ended without a reply and have none by now
select
    failures.completion_key,
    failures.reason,
    failures.run_id,
    failures.made_at
from play.failures
anti join play.completions using (completion_key)
order by failures.completion_key
