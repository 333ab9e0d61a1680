-- what every stage of a study that is done has returned
select
    stage,
    fields::text as fields
from optimize.study_stages
where study_key = $study_key
order by stage
