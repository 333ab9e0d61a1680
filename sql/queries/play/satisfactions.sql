with
wanted as (
    select distinct unnest($satisfaction_keys::text[]) as satisfaction_key
)
select
    satisfactions.satisfaction_key,
    satisfactions.play_key,
    satisfactions.model,
    satisfactions.satisfaction,
    satisfactions.reason
from play.satisfactions
inner join wanted using (satisfaction_key)
order by satisfactions.satisfaction_key
