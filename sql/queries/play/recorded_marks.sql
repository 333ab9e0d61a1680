select
    run_id,
    position,
    owner,
    work,
    made_at
from play.marks
order by run_id, position
