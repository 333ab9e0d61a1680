select
    name,
    digest,
    fitted_on,
    quality::text as quality,
    parameters::text as parameters
from profile.instruments
where profile_key = $profile_key
order by name
