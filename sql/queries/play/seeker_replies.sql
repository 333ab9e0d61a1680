-- what the ledger keeps of a seeker's model, as it was sent
select
    text,
    finish_reason
from play.completions
where role = 'seeker' and model = $model and text is not null
order by completion_key
