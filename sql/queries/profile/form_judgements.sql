-- what seekers of the open splits say of items in their forms; of a seeker who judged an item twice, the last dialogue by id
select
    mentions.item_id,
    splits.seeker_id,
    arg_max(mentions.liked, mentions.dialogue_id) as liked
from profile.profiles
inner join profile.splits on profiles.profile_key = splits.profile_key
inner join ingest.mentions on profiles.dataset = mentions.dataset and splits.dialogue_id = mentions.dialogue_id
where profiles.profile_key = $profile_key
    and splits.split in ('search', 'select')
    and mentions.liked is not null
group by mentions.item_id, splits.seeker_id
order by mentions.item_id, splits.seeker_id
