select
    reservation_id,
    outcome,
    reason,
    run_id,
    made_at,
    may_be_charged,
    tokens,
    usd
from play.settlements
order by reservation_id
