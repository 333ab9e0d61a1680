delete from play.marks
where run_id = $run_id and position = $position
