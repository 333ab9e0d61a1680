select nights.night_id
from publish.nights
inner join publish.night_ends using (night_id)
where night_ends.outcome = $outcome
order by nights.began_at desc, nights.night_id
limit 50
