-- what recommenders were the first to name in a data set without forms, by the reaction that was read
select
    count(*)::bigint as n,
    (count(*) filter (where suggestions.reaction = 'accept'))::bigint as n_accept,
    (count(*) filter (where suggestions.reaction = 'reject'))::bigint as n_reject,
    (count(*) filter (where suggestions.reaction = 'neither'))::bigint as n_neither,
    (count(*) filter (where suggestions.reaction is null))::bigint as n_unread,
    count(distinct suggestions.dialogue_id)::bigint as n_dialogues
from profile.suggestions
where suggestions.profile_key = $profile_key
