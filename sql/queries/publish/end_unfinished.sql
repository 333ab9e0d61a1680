-- whoever opens the store for writing is alone with it, so a night without an end is not at work any more
insert into publish.night_ends (night_id, outcome, reason)
select
    nights.night_id,
    $outcome,
    $reason
from publish.nights
anti join publish.night_ends using (night_id)
