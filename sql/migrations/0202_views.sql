-- what several queries had each written for themselves

-- the dialogues of a batch that no gate set aside
create view validate.kept_members as
select
    members.batch_key,
    members.play_key
from simulate.members
anti join validate.standing_quarantine as quarantine
    on quarantine.batch_key = members.batch_key and quarantine.play_key = members.play_key;

-- the last rating that each user gave each item
create view ingest.last_ratings as
select
    dataset,
    user_id,
    item_id,
    arg_max(value, coalesce(rated_at, 0)) as value,
    arg_max(text, coalesce(rated_at, 0)) as text
from ingest.ratings
group by dataset, user_id, item_id;
