-- why candidates were turned away, by operator; figures after a colon are left out, words are not
select
    candidates.operator,
    regexp_replace(candidates.reason, ':\s*[0-9].*$', '') as reason,
    count(*)::bigint as n
from optimize.candidates
where candidates.run_key = $run_key
    and candidates.status = 'rejected'
group by all
order by n desc, candidates.operator, reason
