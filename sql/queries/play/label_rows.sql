select
    label_rows.label_id,
    label_rows.engine,
    label_rows.dialogue_id,
    label_rows.text
from play.label_rows
where label_rows.dataset = $dataset
order by label_rows.label_id
