-- whose dialogues a split holds
select
    dialogue_id,
    seeker_id
from profile.splits
where profile_key = $profile_key and split = $split
order by dialogue_id
