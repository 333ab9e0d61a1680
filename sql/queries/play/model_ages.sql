-- every name under which models were asked, and when its first reply was kept
select
    model,
    min(made_at) as first_made_at
from play.completions
group by model
order by model
