select
    adaptation_key,
    model,
    parameter,
    value,
    instead
from play.adaptations
order by adaptation_key
