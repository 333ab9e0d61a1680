select
    run_id,
    processor,
    n_cores,
    memory_bytes,
    system
from play.machines
order by run_id
