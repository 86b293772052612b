"""scdm:evaluate: figures that can be read, in the log and as outputs."""


def test_the_log_has_four_digits_and_the_outputs_all(registered, fake_worker, log, rgb_path):
    import processing

    rmse = 0.12345678901234567
    fake_worker(
        f"print(json.dumps({{'overall': {{'rmse': {rmse}, 'psnr': None}}, 'warnings': []}}))\n"
    )
    words = {"ESTIMATE": str(rgb_path), "REFERENCE": str(rgb_path)}
    result = processing.run("scdm:evaluate", words, feedback=log)
    assert result == {"RMSE": rmse}
    assert "RMSE (reflectance): 0.1235" in log.infos
    assert "PSNR (dB, peak 1): not defined" in log.infos


def test_a_warning_of_the_worker_is_in_the_dialogs_words(registered, fake_worker, log, rgb_path):
    import processing

    fake_worker("print(json.dumps({'warnings': ['no room for --report'], 'overall': {}}))\n")
    words = {"ESTIMATE": str(rgb_path), "REFERENCE": str(rgb_path)}
    processing.run("scdm:evaluate", words, feedback=log)
    assert log.warnings == ["no room for Report"]
