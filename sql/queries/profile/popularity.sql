-- how many dialogues of the splits that fitting may see mention each item
select
    mentions.item_id,
    count(*)::bigint as n
from profile.profiles
inner join profile.splits on profiles.profile_key = splits.profile_key
inner join ingest.mentions on profiles.dataset = mentions.dataset and splits.dialogue_id = mentions.dialogue_id
where profiles.profile_key = $profile_key and splits.split in ('exemplar', 'search')
group by mentions.item_id
order by mentions.item_id
