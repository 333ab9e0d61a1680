select
    profile_key,
    dataset,
    dataset_digest,
    version,
    licence,
    has_official_split,
    n_dialogues,
    has_forms
from profile.profiles
where profile_key = $profile_key
