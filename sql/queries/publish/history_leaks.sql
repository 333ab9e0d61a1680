-- the dialogues of a split in which the item that their seeker looks for is named before its turn comes
select seekers.dialogue_id
from profile.seekers
where seekers.profile_key = $profile_key
    and seekers.split = $split
    and seekers.history_leak
order by seekers.dialogue_id
