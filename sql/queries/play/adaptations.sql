-- what was left out of requests, by model
select
    model,
    parameter,
    value,
    instead
from play.adaptations
order by model, parameter, value, instead
