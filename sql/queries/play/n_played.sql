-- how many pieces of a list are in the store
with
wanted as (
    select distinct unnest($play_keys::text[]) as play_key
)
select count(*)::bigint as n
from play.dialogues
inner join wanted using (play_key)
