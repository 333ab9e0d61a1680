-- why candidates were turned away, by operator, without the figures after a colon
select
    candidates.operator,
    regexp_replace(candidates.reason, ':.*$', '') as reason,
    count(*)::bigint as n
from optimize.candidates
where candidates.run_key = $run_key
    and candidates.status = 'rejected'
group by all
order by n desc, candidates.operator, reason
