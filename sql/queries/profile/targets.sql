-- flagged ones too: that humans name a target first is what their own rate of giving titles away counts
select
    seekers.dialogue_id,
    seekers.target
from profile.seekers
where seekers.profile_key = $profile_key and seekers.split = $split and seekers.target is not null
order by seekers.dialogue_id
