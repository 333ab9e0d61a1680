select
    suite,
    expectation,
    subject,
    observed,
    lo,
    hi,
    n,
    bound,
    at_least,
    passed,
    coalesce(applies, true) as applies,
    detail
from validate.standing_verdicts
where batch_key = $batch_key
order by suite, expectation, subject
