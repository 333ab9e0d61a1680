-- who can be played or asked about: seekers of the splits that are open, by dialogue, with what is known of their taste
select
    seekers.dialogue_id,
    seekers.seeker_id,
    seekers.split,
    seekers.need::text as need
from profile.profiles
inner join profile.seekers on profiles.profile_key = seekers.profile_key
inner join ingest.lending_dialogues as lending
    on profiles.dataset = lending.dataset and seekers.dialogue_id = lending.dialogue_id
where profiles.profile_key = $profile_key and seekers.split in ('search', 'select')
order by seekers.dialogue_id
