select
    reservation_id,
    completion_key,
    max_tokens,
    max_usd,
    run_id,
    made_at
from play.reservations
order by reservation_id
