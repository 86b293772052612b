<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>scdm</name>
        <message>
            <location filename="../algorithms/base.py" />
            <source>Spectral analysis</source>
            <translation>Spektrale Auswertung</translation>
        </message>
        <message>
            <location filename="../algorithms/base.py" />
            <source>What it cannot know</source>
            <translation>Was es nicht wissen kann</translation>
        </message>
        <message>
            <location filename="../algorithms/base.py" />
            <source>Parameters</source>
            <translation>Parameter</translation>
        </message>
        <message>
            <location filename="../algorithms/base.py" />
            <source>Example</source>
            <translation>Beispiel</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Calibrate with targets</source>
            <translation>Mit Referenzflächen kalibrieren</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Spectral super-resolution</source>
            <translation>Spektrale Superauflösung</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>The empirical line from a picture's values to reflectance, as a file.</source>
            <translation>Die empirische Gerade von den Werten eines Bildes zur Reflexion, als Datei.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Fits a line per band (the empirical line) from a picture's values to the known reflectance of two or more targets on it, such as the grey panels of a drone kit. Upsample reads every picture of the same flight and exposure by the file: the values are reflectance then, and the spread needs no doubt about the calibration.</source>
            <translation>Legt je Kanal eine Gerade (empirical line) von den Werten eines Bildes zur bekannten Reflexion von zwei oder mehr Referenzflächen darauf, etwa den Grautafeln eines Drohnensatzes. Die Erweiterung liest jedes Bild desselben Flugs und derselben Belichtung mit dieser Datei: die Werte sind dann Reflexion, und die Streuung braucht keinen Zweifel an der Kalibrierung.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>It holds for the light and the exposure of the targets' picture: not for clouds that came later, nor for a camera that exposes each picture anew. Brighter than the brightest target it is extrapolated.</source>
            <translation>Sie gilt für Licht und Belichtung des Bildes mit den Referenzflächen: nicht für Wolken, die später kamen, und nicht für eine Kamera, die jedes Bild neu belichtet. Über die hellste Referenzfläche hinaus wird extrapoliert.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Largest residual of a band (reflectance)</source>
            <translation>Größtes Residuum eines Kanals (Reflexion)</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Targets that were used</source>
            <translation>Verwendete Referenzflächen</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>The band that is red.</source>
            <translation>Der Kanal, der Rot ist.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>The band that is green.</source>
            <translation>Der Kanal, der Grün ist.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>The band that is blue.</source>
            <translation>Der Kanal, der Blau ist.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Red band</source>
            <translation>Roter Kanal</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Green band</source>
            <translation>Grüner Kanal</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Blue band</source>
            <translation>Blauer Kanal</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>{name}: {pixels} pixels, off by {off}</source>
            <translation>{name}: {pixels} Pixel, Abweichung {off}</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>calibration,empirical line,reflectance,panel,target,grey,drone,radiometry,scdm</source>
            <translation>kalibrierung,empirische gerade,reflexion,graukarte,referenzfläche,grau,drohne,radiometrie,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>A raster on which the targets lie.</source>
            <translation>Ein Raster, auf dem die Referenzflächen liegen.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Targets</source>
            <translation>Referenzflächen</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Polygons inside the targets, with their reflectance (fractions or percent) in the fields red, green and blue, or in the field reflectance for all bands, or with a name of the Library in the field spectrum.</source>
            <translation>Polygone innerhalb der Referenzflächen, mit ihrer Reflexion (Anteile oder Prozent) in den Feldern red, green und blue, oder im Feld reflectance für alle Kanäle, oder mit einem Namen aus der Bibliothek im Feld spectrum.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Names</source>
            <translation>Namen</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Field that names the targets in the log. Empty: their numbers.</source>
            <translation>Feld, das die Referenzflächen im Protokoll benennt. Leer: ihre Nummern.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Library</source>
            <translation>Bibliothek</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Spectra of the targets, where the field spectrum names them. Empty: none.</source>
            <translation>Spektren der Referenzflächen, wo das Feld spectrum sie nennt. Leer: keine.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Curve</source>
            <translation>Kurve</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>linear: values in proportion to light (raw, reflectance, radiance). srgb: a picture that the camera has processed (JPEG and most orthophotos), whose curve is undone first. Take the one with the smaller residual.</source>
            <translation>linear: Werte proportional zum Licht (Rohdaten, Reflexion, Strahldichte). srgb: ein Bild, das die Kamera verarbeitet hat (JPEG und die meisten Orthofotos), dessen Kurve zuerst aufgehoben wird. Die mit dem kleineren Residuum nehmen.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Folder with the model.json whose input bands are calibrated. Empty: embedded.</source>
            <translation>Ordner mit der model.json, deren Eingabekanäle kalibriert werden. Leer: das mitgelieferte Modell.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Calibration</source>
            <translation>Kalibrierung</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>Calibration (*.json)</source>
            <translation>Kalibrierung (*.json)</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>File with the lines, targets and residuals, for Upsample's Calibration.</source>
            <translation>Datei mit den Geraden, Referenzflächen und Residuen, für „Kalibrierung“ der Erweiterung.</translation>
        </message>
        <message>
            <location filename="../algorithms/calibrate.py" />
            <source>{band}: reflectance = {gain:.6g} × value {offset:+.4g}</source>
            <translation>{band}: Reflexion = {gain:.6g} × Wert {offset:+.4g}</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>Convert hyperspectral raster</source>
            <translation>Hyperspektrales Raster umwandeln</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>A copy as ENVI or cloud-optimised GeoTIFF that keeps the wavelengths.</source>
            <translation>Eine Kopie als ENVI oder cloud-optimiertes GeoTIFF, die die Wellenlängen behält.</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>Copies a raster to ENVI or to a cloud-optimised GeoTIFF with all that it says of its bands: wavelengths, widths, scale, nodata. GDAL's own Translate loses the wavelengths unless it is told to keep them.</source>
            <translation>Kopiert ein Raster nach ENVI oder in ein cloud-optimiertes GeoTIFF mit allem, was es über seine Kanäle sagt: Wellenlängen, Breiten, Skalierung, Nodata. GDALs eigenes Übersetzen verliert die Wellenlängen, wenn man ihm nicht sagt, sie zu behalten.</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>It copies values as they are: nothing is resampled, and what the input does not say of its bands is not made up.</source>
            <translation>Die Werte werden kopiert, wie sie sind: nichts wird umgerechnet, und was die Eingabe über ihre Kanäle nicht sagt, wird nicht erfunden.</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>The format {form} needs a name that ends in {ending}: not '{path}'.</source>
            <translation>Das Format {form} braucht einen Namen, der auf {ending} endet: nicht „{path}“.</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>hyperspectral,envi,cog,convert,export,wavelengths,header,scdm</source>
            <translation>hyperspektral,envi,cog,umwandeln,export,wellenlängen,header,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>Hyperspectral raster</source>
            <translation>Hyperspektralraster</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>A raster with wavelengths.</source>
            <translation>Ein Raster mit Wellenlängen.</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>Format</source>
            <translation>Format</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>cog: a cloud-optimised GeoTIFF (.tif). envi: ENVI data (.img) with its header (.hdr) beside it.</source>
            <translation>cog: ein cloud-optimiertes GeoTIFF (.tif). envi: ENVI-Daten (.img) mit ihrem Header (.hdr) daneben.</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>Converted</source>
            <translation>Umgewandelt</translation>
        </message>
        <message>
            <location filename="../algorithms/convert.py" />
            <source>A name that ends in .tif for cog, .img for envi.</source>
            <translation>Ein Name, der für cog auf .tif, für envi auf .img endet.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>RMSE (reflectance)</source>
            <translation>RMSE (Reflexion)</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>PSNR (dB, peak 1)</source>
            <translation>PSNR (dB, Spitze 1)</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Spectral angle (degrees)</source>
            <translation>Spektralwinkel (Grad)</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Mean relative absolute error</source>
            <translation>Mittlerer relativer absoluter Fehler</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Structural similarity</source>
            <translation>Strukturelle Ähnlichkeit</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>ERGAS</source>
            <translation>ERGAS</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Cross-correlation</source>
            <translation>Kreuzkorrelation</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Evaluate estimate against reference</source>
            <translation>Schätzung an Referenz prüfen</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Evaluation</source>
            <translation>Bewertung</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>RMSE, PSNR, spectral angle and more of an estimate against a reference.</source>
            <translation>RMSE, PSNR, Spektralwinkel und mehr einer Schätzung gegenüber einer Referenz.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Compares an estimated hyperspectral raster with a measured one of the same place. The reference is resampled to the estimate's wavelengths, and warped where it lies on another grid; bands that it does not see and nodata pixels are left out.</source>
            <translation>Vergleicht ein geschätztes hyperspektrales Raster mit einem gemessenen desselben Orts. Die Referenz wird auf die Wellenlängen der Schätzung umgerechnet und, liegt sie auf einem anderen Gitter, auf deren Pixel entzerrt; Kanäle, die sie nicht sieht, und NoData-Pixel zählen nicht.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>A shift of one pixel between the two, or a reference in a unit other than reflectance, counts as an error of the estimate.</source>
            <translation>Eine Verschiebung um ein Pixel zwischen beiden oder eine Referenz in einer anderen Einheit als Reflexion zählt als Fehler der Schätzung.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>hyperspectral,accuracy,metrics,rmse,psnr,sam,spectral angle,mrae,validation,scdm</source>
            <translation>hyperspektral,Genauigkeit,Metriken,rmse,psnr,sam,Spektralwinkel,mrae,Validierung,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Estimate</source>
            <translation>Schätzung</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Hyperspectral raster to judge.</source>
            <translation>Das zu beurteilende Hyperspektralraster.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Reference</source>
            <translation>Referenz</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Measured raster with wavelengths. On another grid, or in another reference system, it is warped to the estimate's pixels.</source>
            <translation>Gemessenes Raster mit Wellenlängen. Liegt es auf einem anderen Gitter oder in einem anderen Bezugssystem, wird es auf die Pixel der Schätzung entzerrt.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Report</source>
            <translation>Bericht</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>HTML page with the metrics per band.</source>
            <translation>HTML-Seite mit den Maßen je Kanal.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>Error map</source>
            <translation>Fehlerkarte</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>GeoTIFF of each pixel's spectral angle between the two, in degrees.</source>
            <translation>GeoTIFF des Spektralwinkels jedes Pixels zwischen beiden, in Grad.</translation>
        </message>
        <message>
            <location filename="../algorithms/evaluate.py" />
            <source>not defined</source>
            <translation>nicht bestimmt</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Install runtime</source>
            <translation>Laufzeitumgebung installieren</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Setup</source>
            <translation>Einrichtung</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Makes the Python environment that computes, once per QGIS profile.</source>
            <translation>Legt die Python-Umgebung an, die rechnet, einmal je QGIS-Profil.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Makes a Python environment with ONNX Runtime in the QGIS profile's folder scdm/runtime-pythonX.Y. It uses QGIS's own Python, GDAL and NumPy and changes none of them. Downloads 24 MB for the CPU, about 2 GB for an NVIDIA GPU.</source>
            <translation>Legt im Ordner scdm/runtime-pythonX.Y des QGIS-Profils eine Python-Umgebung mit ONNX Runtime an. Sie nutzt Python, GDAL und NumPy von QGIS und verändert nichts davon. Lädt 24 MB für die CPU, etwa 2 GB für eine NVIDIA-GPU herunter.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Whether the GPU's driver is new enough shows only when a model runs on it; the check at the end says which devices are usable now.</source>
            <translation>Ob der Treiber der GPU neu genug ist, zeigt sich erst, wenn ein Modell darauf läuft; die Prüfung am Ende sagt, welche Geräte jetzt nutzbar sind.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Installs {packages} into {folder}</source>
            <translation>Installiert {packages} in {folder}</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Checking the runtime</source>
            <translation>Prüft die Laufzeitumgebung</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Ready.</source>
            <translation>Bereit.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Removed {}</source>
            <translation>{} wurde entfernt</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>{} was not there</source>
            <translation>{} war nicht da</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>The GPU is not usable: check the NVIDIA driver (nvidia-smi); the CPU will be used</source>
            <translation>Die GPU ist nicht nutzbar: NVIDIA-Treiber prüfen (nvidia-smi); gerechnet wird auf der CPU</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>setup,onnxruntime,environment,gpu,cuda,offline,repair,scdm</source>
            <translation>Einrichtung,onnxruntime,Umgebung,gpu,cuda,offline,reparieren,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Action</source>
            <translation>Aktion</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>install: create it, unless a working one is there. repair: create it again. remove: delete it.</source>
            <translation>install: anlegen, wenn keine funktionierende da ist. repair: neu anlegen. remove: löschen.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Device</source>
            <translation>Gerät</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>cpu works everywhere; cuda needs an NVIDIA GPU with a driver for CUDA 13.</source>
            <translation>cpu läuft überall; cuda braucht eine NVIDIA-GPU mit einem Treiber für CUDA 13.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Cluster support</source>
            <translation>Cluster-Unterstützung</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Also install Dask, which Cluster in Upsample needs (10 MB more).</source>
            <translation>Auch Dask installieren, das der Parameter Cluster beim Erweitern braucht (10 MB mehr).</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Folder of wheels</source>
            <translation>Ordner mit Wheels</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Install from the wheel files in this folder, without network. Empty: from PyPI, through QGIS's proxy where one is set.</source>
            <translation>Aus den Wheel-Dateien in diesem Ordner installieren, ohne Netz. Leer: von PyPI, über den Proxy von QGIS, wo einer eingestellt ist.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Environment</source>
            <translation>Umgebung</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Python of the environment</source>
            <translation>Python der Umgebung</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>{step} failed. {why}</source>
            <translation>{step}: misslungen. {why}</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Cancelled: nothing was installed</source>
            <translation>Abgebrochen: nichts wurde installiert</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>The runtime in {} works. Ready.</source>
            <translation>Die Laufzeitumgebung in {} funktioniert. Bereit.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>Folder of wheels '{}' does not exist: choose a folder of .whl files</source>
            <translation>Den Ordner der Wheels „{}“ gibt es nicht: einen Ordner mit .whl-Dateien wählen</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>QGIS's Python {version} was not found under {folder}: install python3 of the same version, or set SCDM_PYTHON to a Python with onnxruntime and GDAL</source>
            <translation>Das Python {version} von QGIS wurde unter {folder} nicht gefunden: python3 derselben Version installieren oder SCDM_PYTHON auf ein Python mit onnxruntime und GDAL setzen</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>The runtime that is there does not work and is created again. {}</source>
            <translation>Die vorhandene Laufzeitumgebung funktioniert nicht und wird neu angelegt. {}</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>The environment variable {} sends pip to another source of packages than PyPI. What is installed from there runs with your rights.</source>
            <translation>Die Umgebungsvariable {} schickt pip zu einer anderen Paketquelle als PyPI. Was von dort installiert wird, läuft mit Ihren Rechten.</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>{folder} cannot be written: {error}. Close other QGIS windows that use the runtime and check the folder's permissions</source>
            <translation>{folder} ist nicht beschreibbar: {error}. Andere QGIS-Fenster schließen, die die Laufzeitumgebung nutzen, und die Rechte des Ordners prüfen</translation>
        </message>
        <message>
            <location filename="../algorithms/install_runtime.py" />
            <source>{folder} cannot be removed: {error}. Close other QGIS windows and try again</source>
            <translation>{folder} lässt sich nicht entfernen: {error}. Andere QGIS-Fenster schließen und noch einmal versuchen</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Match spectra with a library</source>
            <translation>Spektren mit einer Bibliothek vergleichen</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>The spectrum of a library that is nearest to each pixel, and its angle.</source>
            <translation>Das Spektrum einer Bibliothek, das jedem Pixel am nächsten kommt, und sein Winkel.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Compares every pixel with the spectra of a library by the spectral angle, which does not see brightness. The output holds the number of the best spectrum, with its name; 0 where none is near enough. With the Spread of an estimate, bands count by how well they are known.</source>
            <translation>Vergleicht jedes Pixel mit den Spektren einer Bibliothek durch den Spektralwinkel, der die Helligkeit nicht sieht. Die Ausgabe enthält die Nummer des besten Spektrums mit seinem Namen; 0, wo keines nahe genug ist. Mit der Streuung einer Schätzung zählen die Kanäle so viel, wie man sie kennt.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>The best of a library may still be wrong: what the library lacks is not found, and mixed pixels match something between. Of an estimated cube, materials of one colour differ only by what the model finds likely.</source>
            <translation>Auch das Beste einer Bibliothek kann falsch sein: was ihr fehlt, wird nicht gefunden, und gemischte Pixel gleichen etwas dazwischen. In einem geschätzten Würfel unterscheiden sich Materialien gleicher Farbe nur durch das, was das Modell für wahrscheinlich hält.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Pixels with a match (percent)</source>
            <translation>Pixel mit Treffer (Prozent)</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>hyperspectral,spectral angle,sam,classification,library,ecostress,usgs,match,scdm</source>
            <translation>hyperspektral,spektralwinkel,sam,klassifikation,bibliothek,ecostress,usgs,vergleich,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Files of spectra, or folders of such: ENVI libraries (.sli with its .hdr), tables (CSV, tabs, blanks) with the wavelengths in the first column or row, files of ECOSTRESS and USGS. Percent and µm are recognised; the log says so.</source>
            <translation>Dateien mit Spektren oder Ordner mit solchen: ENVI-Bibliotheken (.sli mit ihrer .hdr), Tabellen (CSV, Tabulatoren, Leerzeichen) mit den Wellenlängen in der ersten Spalte oder Zeile, Dateien von ECOSTRESS und USGS. Prozent und µm werden erkannt; das Protokoll sagt es.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Filter</source>
            <translation>Filter</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Only spectra with one of these words in their name or kind, separated by commas, such as soil,grass. Empty: all.</source>
            <translation>Nur Spektren mit einem dieser Wörter im Namen oder in der Art, durch Kommas getrennt, etwa soil,grass. Leer: alle.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Largest angle (degrees)</source>
            <translation>Größter Winkel (Grad)</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Pixels further than this from every spectrum become 0, no match.</source>
            <translation>Pixel, die von jedem Spektrum weiter entfernt sind, werden 0, kein Treffer.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Spread</source>
            <translation>Streuung</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>The Spread of the same estimate: each band counts by 1 / spread of the pixel there. Empty: all bands count alike.</source>
            <translation>Die Streuung derselben Schätzung: jeder Kanal zählt mit 1 / Streuung des Pixels dort. Leer: alle Kanäle zählen gleich.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Best spectrum</source>
            <translation>Bestes Spektrum</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>GeoTIFF of the best spectrum's number from 1, with names; 0 where none matches.</source>
            <translation>GeoTIFF der Nummer des besten Spektrums ab 1, mit Namen; 0, wo keines passt.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Angle</source>
            <translation>Winkel</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>GeoTIFF of the angle to it, in degrees.</source>
            <translation>GeoTIFF des Winkels dazu, in Grad.</translation>
        </message>
        <message>
            <location filename="../algorithms/match_spectra.py" />
            <source>Library: {}</source>
            <translation>Bibliothek: {}</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Sample spectra of points and polygons</source>
            <translation>Spektren von Punkten und Polygonen lesen</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Mean spectrum, deviation and interval of each feature of a layer.</source>
            <translation>Mittleres Spektrum, Streuung und Intervall jedes Objekts eines Layers.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Reads the spectrum of every point, line and polygon of a layer: mean and standard deviation of its pixels in each band, and their number. Indices are worked out of the mean spectrum. With the draws of Upsample, each number gets its 90 % interval. The layer may be in any reference system.</source>
            <translation>Liest das Spektrum jedes Punkts, jeder Linie und jedes Polygons eines Layers: Mittelwert und Standardabweichung seiner Pixel in jedem Kanal und ihre Anzahl. Indizes werden aus dem mittleren Spektrum berechnet. Mit den Ziehungen von Upsample bekommt jede Zahl ihr 90-%-Intervall. Der Layer darf in jedem Bezugssystem liegen.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>A polygon counts the pixels whose centres it holds; one that holds none stays empty. The interval knows nothing of errors that the whole picture shares, such as a wrong calibration: of a large area it is a lower bound.</source>
            <translation>Zu einem Polygon zählen die Pixel, deren Mittelpunkte in ihm liegen; liegt keiner darin, bleibt es leer. Das Intervall weiß nichts von Fehlern, die das ganze Bild teilt, etwa einer falschen Kalibrierung: bei großen Flächen ist es eine Untergrenze.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>zonal statistics,spectrum,polygon,point,field,library,envi,csv,ndvi,interval,scdm</source>
            <translation>zonenstatistik,spektrum,polygon,punkt,feld,bibliothek,envi,csv,ndvi,intervall,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Features</source>
            <translation>Objekte</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Points, lines or polygons.</source>
            <translation>Punkte, Linien oder Polygone.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Field that names the spectra. Empty: the features' numbers.</source>
            <translation>Feld, nach dem die Spektren heißen. Leer: die Nummern der Objekte.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Indices</source>
            <translation>Indizes</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Indices of the catalogue (docs/indices.md) to work out too. Empty: none.</source>
            <translation>Indizes des Katalogs (docs/indices.md), die auch berechnet werden. Leer: keine.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Formula</source>
            <translation>Formel</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>An index of your own: r860 is the value at 860 nm, r860_5 at 860.5. Such as (r860-r670)/(r860+r670), with + - * / ** brackets, sqrt, log, exp, abs.</source>
            <translation>Ein eigener Index: r860 ist der Wert bei 860 nm, r860_5 bei 860,5. Etwa (r860-r670)/(r860+r670), mit + - * / ** Klammern, sqrt, log, exp, abs.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Draws</source>
            <translation>Einzelne Stichproben</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>The folder that Upsample filled as Draws, of the same run as the raster: adds the intervals. Empty: none.</source>
            <translation>Der Ordner, den Upsample als Ziehungen gefüllt hat, im selben Lauf wie das Raster: fügt die Intervalle hinzu. Leer: keine.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>All touched pixels</source>
            <translation>Alle berührten Pixel</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Count every pixel that a polygon touches, not those whose centre it holds.</source>
            <translation>Jedes Pixel zählen, das ein Polygon berührt, nicht nur die, deren Mittelpunkt in ihm liegt.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Spectra</source>
            <translation>Spektren</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>GeoPackage: the features with the columns pixels, NDVI, mean_550, sd_550 and, with draws, low_550 and high_550.</source>
            <translation>GeoPackage: die Objekte mit den Spalten pixels, NDVI, mean_550 (Mittelwert), sd_550 (Standardabweichung) und, mit Ziehungen, low_550 und high_550 (Enden des Intervalls).</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Table</source>
            <translation>Tabelle</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>CSV (*.csv)</source>
            <translation>CSV (*.csv)</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>A row for each feature and band; lines with # say what it was made of.</source>
            <translation>Eine Zeile je Objekt und Kanal; Zeilen mit # sagen, woraus sie entstand.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Spectral library</source>
            <translation>Spektralbibliothek</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>ENVI spectral library (*.sli)</source>
            <translation>ENVI-Spektralbibliothek (*.sli)</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>The mean spectra, as EnMAP-Box and Spectral Python read them.</source>
            <translation>Die mittleren Spektren, wie EnMAP-Box und Spectral Python sie lesen.</translation>
        </message>
        <message>
            <location filename="../algorithms/sample_spectra.py" />
            <source>Choose an output: Spectra, Table or Spectral library.</source>
            <translation>Eine Ausgabe wählen: Spektren, Tabelle oder Spektralbibliothek.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>Simulate RGB from hyperspectral</source>
            <translation>RGB aus Hyperspektraldaten simulieren</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>The red, green and blue that a model's input bands would see.</source>
            <translation>Das Rot, Grün und Blau, das die Eingangskanäle eines Modells sähen.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>Weighs the bands of a hyperspectral raster with the spectral responses of a model's input bands. Use it to test upsampling where the truth is known: simulate, upsample with radiometry 'reflectance', evaluate.</source>
            <translation>Gewichtet die Kanäle eines Hyperspektralrasters mit den spektralen Empfindlichkeiten der Eingangskanäle eines Modells. Damit lässt sich die Schätzung prüfen, wo die Wahrheit bekannt ist: simulieren, mit Radiometrie 'reflectance' schätzen, bewerten.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>It is the camera that the model was trained for, without its noise, blur and colour processing; a real camera sees colours differently.</source>
            <translation>Es ist die Kamera, für die das Modell trainiert wurde, ohne ihr Rauschen, ihre Unschärfe und Farbverarbeitung; eine wirkliche Kamera sieht Farben anders.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>hyperspectral,rgb,simulate,response,convolution,bands,scdm</source>
            <translation>hyperspektral,rgb,simulieren,Empfindlichkeit,Faltung,Kanäle,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>Folder with the model.json whose input bands are simulated. Empty: embedded.</source>
            <translation>Ordner mit der model.json, deren Eingangskanäle simuliert werden. Leer: das mitgelieferte.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>RGB</source>
            <translation>RGB</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_rgb.py" />
            <source>GeoTIFF of red, green, blue reflectance.</source>
            <translation>GeoTIFF der Reflexion in Rot, Grün und Blau.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>Simulate another sensor</source>
            <translation>Anderen Sensor simulieren</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>The bands of Sentinel-2, Landsat, PlanetScope, EnMAP … out of a cube.</source>
            <translation>Die Kanäle von Sentinel-2, Landsat, PlanetScope, EnMAP … aus einem Würfel.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>Weighs the bands of a hyperspectral raster with the responses of another sensor: Gaussians of the published centres and widths, or a table of your own. Sensors: {}.</source>
            <translation>Gewichtet die Kanäle eines hyperspektralen Rasters mit den Empfindlichkeiten eines anderen Sensors: Gaußkurven mit den veröffentlichten Mitten und Breiten oder eine eigene Tabelle. Sensoren: {}.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>The pixels stay those of the input, and so does the air above them: no blur, noise or atmosphere of the other sensor. Bands that the input does not cover are left out, with a warning.</source>
            <translation>Die Pixel bleiben die der Eingabe, ebenso die Luft darüber: keine Unschärfe, kein Rauschen, keine Atmosphäre des anderen Sensors. Kanäle, die die Eingabe nicht abdeckt, werden mit einer Warnung ausgelassen.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>hyperspectral,sentinel-2,landsat,planetscope,enmap,response,convolution,resample,scdm</source>
            <translation>hyperspektral,sentinel-2,landsat,planetscope,enmap,empfindlichkeit,faltung,umrechnen,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>Sensor</source>
            <translation>Sensor</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>One of the list above. Empty: the responses of the table.</source>
            <translation>Einer aus der Liste oben. Leer: die Empfindlichkeiten der Tabelle.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>Table of responses</source>
            <translation>Tabelle der Empfindlichkeiten</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>A CSV or text file with the wavelengths in the first column and a column for each band, in any scale. Empty: the sensor chosen above.</source>
            <translation>Eine CSV- oder Textdatei mit den Wellenlängen in der ersten Spalte und einer Spalte je Kanal, in beliebiger Skala. Leer: der oben gewählte Sensor.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>Simulated bands</source>
            <translation>Simulierte Kanäle</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>GeoTIFF (float32) with the sensor's bands, wavelengths and widths.</source>
            <translation>GeoTIFF (float32) mit den Kanälen, Wellenlängen und Breiten des Sensors.</translation>
        </message>
        <message>
            <location filename="../algorithms/simulate_sensor.py" />
            <source>Choose a Sensor, or give a Table of responses: one of them.</source>
            <translation>Einen Sensor wählen oder eine Tabelle der Empfindlichkeiten angeben: eines von beiden.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>Spectral indices</source>
            <translation>Spektralindizes</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>NDVI, EVI and 140 more, or a formula with wavelengths; with intervals.</source>
            <translation>NDVI, EVI und 140 weitere, oder eine Formel mit Wellenlängen; mit Intervallen.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>Works out spectral indices of any raster with wavelengths, a band each. Names are those of the Awesome Spectral Indices catalogue (formulas: docs/indices.md). With the draws of Upsample, each index gets the ends of its 90 % interval as two more bands.</source>
            <translation>Berechnet Spektralindizes jedes Rasters mit Wellenlängen, je einen Kanal. Die Namen sind die des Katalogs Awesome Spectral Indices (Formeln: docs/indices.md). Mit den Ziehungen von Upsample bekommt jeder Index die Enden seines 90-%-Intervalls als zwei weitere Kanäle.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>An index of an estimated spectrum is an estimate: where the infrared was guessed, so is the NDVI. Bands as narrow as these give other values than a satellite's broad ones.</source>
            <translation>Ein Index eines geschätzten Spektrums ist eine Schätzung: wo das Infrarot geraten ist, ist es auch der NDVI. So schmale Kanäle geben andere Werte als die breiten eines Satelliten.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>ndvi,index,indices,vegetation,formula,band,hyperspectral,scdm</source>
            <translation>ndvi,index,indizes,vegetation,formel,band,hyperspektral,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>One or more of the catalogue, by name. Empty: the formula alone.</source>
            <translation>Einer oder mehrere des Katalogs, nach Namen. Leer: nur die Formel.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>The folder that Upsample filled as Draws, of the same run as the raster: adds each index's interval. Empty: none.</source>
            <translation>Der Ordner, den Upsample als Ziehungen gefüllt hat, im selben Lauf wie das Raster: fügt das Intervall jedes Index hinzu. Leer: keines.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>The Spread of the same estimate, where there are no draws: adds an interval that is wider than it should be.</source>
            <translation>Die Streuung derselben Schätzung, wenn es keine Ziehungen gibt: fügt ein Intervall hinzu, das breiter ist als es sein sollte.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>Index raster</source>
            <translation>Indexraster</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>GeoTIFF, a band an index; float32.</source>
            <translation>GeoTIFF, ein Kanal je Index; float32.</translation>
        </message>
        <message>
            <location filename="../algorithms/spectral_indices.py" />
            <source>Choose an index, or write a formula.</source>
            <translation>Einen Index wählen oder eine Formel schreiben.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Upsample RGB to hyperspectral</source>
            <translation>RGB zu Hyperspektral erweitern</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Estimates the full spectrum of every pixel of an RGB raster.</source>
            <translation>Schätzt für jedes Pixel eines RGB-Rasters das ganze Spektrum.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Estimates a spectrum for every pixel of an RGB raster with a spectral-cascaded diffusion model: first a few coarse bands, then all of them. The output has the input's grid, wavelengths in its band names and metadata, and the input's colours.</source>
            <translation>Schätzt für jedes Pixel eines RGB-Rasters ein Spektrum, mit einem spektral kaskadierten Diffusionsmodell: erst wenige grobe Kanäle, dann alle. Die Ausgabe hat das Gitter der Eingabe, Wellenlängen in Kanalnamen und Metadaten und wird in den Farben der Eingabe gezeigt.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Three values per pixel do not determine a spectrum: surfaces of the same colour can differ, most of all beyond 700 nm. The output is what the model finds likely, learnt from airborne and spaceborne scenes; it is not a measurement. Ask for Spread to see how far it may be off, for Reliability to see where. A camera with other colour responses, haze, shadow or a colour-graded mosaic shifts the result.</source>
            <translation>Drei Werte je Pixel legen kein Spektrum fest: Oberflächen gleicher Farbe können sich unterscheiden, vor allem jenseits von 700 nm. Die Ausgabe ist, was das Modell nach Szenen aus Flugzeug und Weltraum für wahrscheinlich hält; sie ist keine Messung. Die Streuung zeigt, wie weit sie danebenliegen kann, die Verlässlichkeit, wo. Eine Kamera mit anderen Farbempfindlichkeiten, Dunst, Schatten oder ein farblich bearbeitetes Mosaik verschieben das Ergebnis.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>RGB raster</source>
            <translation>RGB-Raster</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>A raster file with red, green and blue, or a web layer, of which Extent is saved first as it is displayed. Bands that are left empty are chosen by wavelength, colour interpretation or band name, else as the layer shows them; the log says which.</source>
            <translation>Eine Rasterdatei mit Rot, Grün und Blau oder ein Web-Layer, von dem zuerst die Ausdehnung so gespeichert wird, wie er dargestellt ist. Leer gelassene Kanäle werden nach Wellenlänge, Farbinterpretation oder Kanalname gewählt, sonst so, wie der Layer sie zeigt; welche, steht im Protokoll.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Extent</source>
            <translation>Ausdehnung</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Only this part of the raster is computed, such as the visible part of the map. Empty: all of it. A web layer needs it.</source>
            <translation>Nur dieser Teil des Rasters wird berechnet, etwa der sichtbare Teil der Karte. Leer: alles. Ein Web-Layer braucht die Angabe.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Folder for the samples themselves, a GeoTIFF each. Compute an index, or the mean of a field, of every sample: the standard deviation of the results is their uncertainty.</source>
            <translation>Ordner für die Stichproben selbst, je eine GeoTIFF-Datei. Berechnen Sie einen Index oder den Mittelwert eines Feldes aus jeder Stichprobe: Die Standardabweichung der Ergebnisse ist deren Unsicherheit.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>The file does not say which bands are red, green and blue: taken as the layer shows them.</source>
            <translation>Die Datei sagt nicht, welche Kanäle Rot, Grün und Blau sind: genommen, wie der Layer sie zeigt.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>The reference system of '{layer}' is known to its layer, not to its file, so that Mask cannot be laid over it: export the layer with its reference system.</source>
            <translation>Das Bezugssystem von „{layer}“ steht nur im Layer, nicht in der Datei, sodass die Maske nicht darübergelegt werden kann: den Layer mit seinem Bezugssystem exportieren.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>hyperspectral,spectrum,bands,rgb,super-resolution,diffusion,reflectance,scdm</source>
            <translation>hyperspektral,Spektrum,Kanäle,rgb,Superauflösung,Diffusion,Reflexion,scdm</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Device that was used</source>
            <translation>Benutztes Gerät</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Duration in seconds</source>
            <translation>Dauer in Sekunden</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Seed that was used</source>
            <translation>Benutzter Startwert</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>A model by its name, or the folder that holds its model.json. Empty: the model that comes with the plugin. Models in the folder scdm/models of the QGIS profile are found by themselves.</source>
            <translation>Ein Modell nach seinem Namen oder der Ordner mit seiner model.json. Leer: das Modell, das mit der Erweiterung kommt. Modelle im Ordner scdm/models des QGIS-Profils werden von selbst gefunden.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Quality</source>
            <translation>Qualität</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>fast: one estimate, about 3 s per megapixel. balanced: the mean of 4 samples, 9 s. best: of 16 samples, 30 s. (Embedded model, two CPU cores.)</source>
            <translation>fast: eine Schätzung, etwa 3 s je Megapixel. balanced: der Mittelwert von 4 Stichproben, 9 s. best: von 16 Stichproben, 30 s. (Mitgeliefertes Modell, zwei CPU-Kerne.)</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Radiometry</source>
            <translation>Radiometrie</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>How the input's values become reflectance. reflectance: they are reflectance (band scale, 0 to 1 or 0 to 10,000). match: they are the colours of a picture, brought to what the model knows. srgb: the same, with sRGB's curve undone. auto: decided by the data; the log says how.</source>
            <translation>Wie aus den Werten der Eingabe Reflexion wird. reflectance: sie sind Reflexion (Kanalskala, 0 bis 1 oder 0 bis 10.000). match: sie sind die Farben eines Bildes, angepasst an das, was das Modell kennt. srgb: ebenso, mit aufgehobener sRGB-Kurve. auto: nach den Daten entschieden; das Protokoll sagt, wie.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Samples</source>
            <translation>Stichproben</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Estimates per pixel; their mean is the output. Empty: as the quality says.</source>
            <translation>Schätzungen je Pixel; ihr Mittel ist die Ausgabe. Leer: nach der Qualität.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Seed</source>
            <translation>Startwert</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>The same seed gives the same result, another seed another draw. Empty: 0.</source>
            <translation>Derselbe Startwert gibt dasselbe Ergebnis, ein anderer eine andere Ziehung. Leer: 0.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>auto: an NVIDIA GPU when it is really usable, else the CPU. cuda: GPU or fail.</source>
            <translation>auto: eine NVIDIA-GPU, wenn sie wirklich nutzbar ist, sonst die CPU. cuda: GPU oder Fehler.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Resolution</source>
            <translation>Auflösung</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Of a web layer: the side of a pixel, in units of the layer's reference system. Empty: as the map shows it now. A file has its own pixels.</source>
            <translation>Für einen Web-Layer: Seitenlänge eines Pixels in Einheiten des Bezugssystems des Layers. Leer: wie die Karte ihn gerade zeigt. Eine Datei hat ihre eigenen Pixel.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Mask</source>
            <translation>Maske</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Polygons: only pixels whose centre lies in one are computed, all others are nodata. Inside, the values are those of a run of the whole raster. Empty: none.</source>
            <translation>Polygone: Nur Pixel, deren Mitte in einem davon liegt, werden berechnet, alle anderen sind ohne Wert (nodata). Innen sind die Werte die eines Laufs über das ganze Raster. Leer: keine.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>File that Calibrate with targets made: the values become reflectance by it, in all pictures of the flight alike. Needs the radiometry auto or reflectance. Empty: none.</source>
            <translation>Datei aus „Mit Referenzflächen kalibrieren“: damit werden die Werte zu Reflexion, in allen Bildern des Flugs gleich. Braucht die Radiometrie auto oder reflectance. Leer: keine.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Match to</source>
            <translation>Angleichen an</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Raster that the input's colours are brought to: to its medians where it holds reflectance, else by its statistics, such as those of the mosaic that the input was cut from. Needs the radiometry match, srgb or auto. Empty: the input itself.</source>
            <translation>Raster, an das die Farben der Eingabe angeglichen werden: an seine Mediane, wenn es Reflexion enthält, sonst nach seiner Statistik, etwa der des Mosaiks, aus dem die Eingabe geschnitten ist. Braucht die Radiometrie match, srgb oder auto. Leer: die Eingabe selbst.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Sampler</source>
            <translation>Verfahren</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>How the diffusion is reversed. Empty: as the quality says.</source>
            <translation>Wie die Diffusion umgekehrt wird. Leer: nach der Qualität.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Steps</source>
            <translation>Schritte</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Steps of each stage. Empty: as the quality says.</source>
            <translation>Schritte jeder Stufe. Leer: nach der Qualität.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Guidance</source>
            <translation>Führung</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Guidance scale, one number or one per stage, separated by commas: higher keeps closer to the colours and varies less. Empty: as the model says.</source>
            <translation>Stärke der Führung, eine Zahl oder eine je Stufe, durch Kommas getrennt: höher bleibt näher an den Farben und schwankt weniger. Leer: nach dem Modell.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Truncation</source>
            <translation>Kappung</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Values that are rarely so large are clamped before each step: on, off or a bound from 0.5 to 1, the share of values that stay as they are in the first step. Empty: as the model says.</source>
            <translation>Seltene, zu große Werte werden vor jedem Schritt gekappt: on, off oder eine Schranke von 0.5 bis 1, der Anteil der Werte, die im ersten Schritt bleiben, wie sie sind. Leer: nach dem Modell.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Tile size (pixels)</source>
            <translation>Kachelgröße (Pixel)</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Smaller needs less memory. Empty: the model's.</source>
            <translation>Kleiner braucht weniger Speicher. Leer: die des Modells.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Overlap of tiles (pixels)</source>
            <translation>Überlappung der Kacheln (Pixel)</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Where neighbouring tiles are blended. Empty: the model's.</source>
            <translation>Wo benachbarte Kacheln ineinander übergehen. Leer: die des Modells.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Threads</source>
            <translation>Rechenfäden</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>CPU threads. Empty: all cores.</source>
            <translation>CPU-Threads. Leer: alle Kerne.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Cluster</source>
            <translation>Cluster</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Dask cluster that computes: tcp://HOST:PORT of its scheduler, or local:N for N processes of this computer. Needs Cluster support from Install runtime. Empty: one process of this computer.</source>
            <translation>Dask-Cluster, der rechnet: tcp://HOST:PORT seines Schedulers, oder local:N für N Prozesse dieses Rechners. Braucht die Cluster-Unterstützung aus „Laufzeitumgebung installieren“. Leer: ein Prozess dieses Rechners.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>cog: a cloud-optimised GeoTIFF. gtiff: a tiled GeoTIFF. envi: ENVI data (.img, .dat or .bsq) with a header. Empty: as the output's name says, envi or gtiff.</source>
            <translation>cog: ein Cloud-optimiertes GeoTIFF. gtiff: ein gekacheltes GeoTIFF. envi: ENVI-Daten (.img, .dat oder .bsq) mit einem Header. Leer: wie der Name der Ausgabe sagt, envi oder gtiff.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Unfinished run</source>
            <translation>Unfertiger Lauf</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>What becomes of the finished tiles when an unfinished run of the same output had other settings. keep: they wait until those settings are used again. Empty or discard: they are discarded.</source>
            <translation>Was aus den fertigen Kacheln wird, wenn ein unfertiger Lauf derselben Ausgabe andere Einstellungen hatte. keep: sie bleiben, bis diese Einstellungen wieder verwendet werden. Leer oder discard: sie werden verworfen.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Hyperspectral estimate</source>
            <translation>Hyperspektrale Schätzung</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>GeoTIFF of reflectance (integers with band scale 0.0001), one band per wavelength. With a name that ends in .img: the same as ENVI data, which other programs for hyperspectral rasters read.</source>
            <translation>GeoTIFF der Reflexion (ganze Zahlen mit Kanalskalierung 0,0001), ein Kanal je Wellenlänge. Mit einem Namen, der auf .img endet: dasselbe als ENVI-Daten, die andere Programme für Hyperspektralraster lesen.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>GeoTIFF of the estimate's spread, in reflectance: with the embedded model, estimate ± 1.645 spreads held the truth in 90 % of held-out pixels.</source>
            <translation>GeoTIFF der Streuung der Schätzung, in Reflexion: beim mitgelieferten Modell lag in 90 % der zurückgehaltenen Pixel die Wahrheit innerhalb von Schätzung ± 1,645 Streuungen.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>Reliability</source>
            <translation>Verlässlichkeit</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>GeoTIFF of one band, 0 to 100: 100 where nothing speaks against the estimate, 50 where its spread is half as large as the spectrum or the colours are foreign to the model, 0 where it tells nothing.</source>
            <translation>GeoTIFF mit einem Kanal, 0 bis 100: 100, wo nichts gegen die Schätzung spricht; 50, wo ihre Streuung halb so groß ist wie das Spektrum oder die Farben dem Modell fremd sind; 0, wo sie nichts aussagt.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>One HTML page with pictures, spectra and settings.</source>
            <translation>Eine HTML-Seite mit Bildern, Spektren und Einstellungen.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>No output is given: set Hyperspectral estimate to a name that ends in .tif.</source>
            <translation>Keine Ausgabe angegeben: für die hyperspektrale Schätzung einen Namen angeben, der auf .tif endet.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>{} spectra</source>
            <translation>{} Spektren</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>{} spread</source>
            <translation>{} Streuung</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample.py" />
            <source>{} reliability</source>
            <translation>{} Verlässlichkeit</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>'{layer}' is a result of SCDM, not a picture: set RGB raster to the picture that it was made from, or to another one.</source>
            <translation>„{layer}“ ist ein Ergebnis von SCDM, kein Bild: Als RGB-Raster das Bild wählen, aus dem es entstand, oder ein anderes.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>{name} needs Samples of 2 or more (or leave Samples empty).</source>
            <translation>{name}: mindestens 2 Stichproben nötig (oder das Feld Stichproben leer lassen).</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>Guidance must be numbers separated by commas, for example 0 or 1.5,2.</source>
            <translation>Führung muss aus Zahlen bestehen, die Kommas trennen, etwa 0 oder 1.5,2.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>The folder '{}' holds no model.json: choose the folder of a model, or leave Model empty.</source>
            <translation>Der Ordner „{}“ enthält keine model.json: den Ordner eines Modells wählen oder Modell leer lassen.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>Resolution is for web layers: leave it empty, '{layer}' has pixels of its own.</source>
            <translation>Die Auflösung gilt für Web-Layer: leer lassen, „{layer}“ hat eigene Pixel.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>'{layer}' is a web layer, taken as it is displayed: leave the bands empty.</source>
            <translation>„{layer}“ ist ein Web-Layer und wird genommen, wie er dargestellt ist: die Kanäle leer lassen.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>'{layer}' is a web layer: choose in Extent which part of it is taken.</source>
            <translation>„{layer}“ ist ein Web-Layer: unter Ausdehnung wählen, welcher Teil davon genommen wird.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>'{layer}' is a web layer: give the side of a pixel as Resolution, in units of the layer's reference system.</source>
            <translation>„{layer}“ ist ein Web-Layer: die Seitenlänge eines Pixels als Auflösung angeben, in Einheiten des Bezugssystems des Layers.</translation>
        </message>
        <message>
            <location filename="../algorithms/upsample_checks.py" />
            <source>{name} must be a GeoTIFF or ENVI data: use a name that ends in .tif or .img ('{path}').</source>
            <translation>{name} muss ein GeoTIFF oder ENVI-Daten sein: einen Namen verwenden, der auf .tif oder .img endet („{path}“).</translation>
        </message>
        <message>
            <location filename="../gui/band_slider.py" />
            <source>One band of {}</source>
            <translation>Ein Kanal von {}</translation>
        </message>
        <message>
            <location filename="../gui/band_slider.py" />
            <source>{nm:.1f} nm, band {band}</source>
            <translation>{nm:.1f} nm, Kanal {band}</translation>
        </message>
        <message>
            <location filename="../gui/choose_spectra.py" />
            <source>Choose from {} spectra (Ctrl or Shift for several):</source>
            <translation>Aus {} Spektren wählen (Strg oder Umschalt für mehrere):</translation>
        </message>
        <message>
            <location filename="../gui/choose_spectra.py" />
            <source>Reference spectra</source>
            <translation>Referenzspektren</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>a spread, not reflectance</source>
            <translation>eine Streuung, keine Reflexion</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>with spread</source>
            <translation>mit Streuung</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>no spread layer</source>
            <translation>ohne Streuungslayer</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>Raster with wavelengths whose pixels are read</source>
            <translation>Raster mit Wellenlängen, dessen Pixel gelesen werden</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>Compare</source>
            <translation>Vergleichen</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>Further rasters that are read at the same pixel</source>
            <translation>Weitere Raster, die am selben Pixel gelesen werden</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>No raster layer with wavelengths is loaded.</source>
            <translation>Kein Rasterlayer mit Wellenlängen ist geladen.</translation>
        </message>
        <message>
            <location filename="../gui/layer_choice.py" />
            <source>No other raster with wavelengths</source>
            <translation>Kein weiteres Raster mit Wellenlängen</translation>
        </message>
        <message>
            <location filename="../gui/menu.py" />
            <source>Upsample RGB to hyperspectral…</source>
            <translation>RGB zu Hyperspektral erweitern …</translation>
        </message>
        <message>
            <location filename="../gui/menu.py" />
            <source>Spectral profile</source>
            <translation>Spektralprofil</translation>
        </message>
        <message>
            <location filename="../gui/menu.py" />
            <source>Help</source>
            <translation>Hilfe</translation>
        </message>
        <message>
            <location filename="../gui/menu.py" />
            <source>Style by wavelength</source>
            <translation>Darstellung nach Wellenlänge</translation>
        </message>
        <message>
            <location filename="../gui/menu.py" />
            <source>One band…</source>
            <translation>Ein Kanal …</translation>
        </message>
        <message>
            <location filename="../gui/model_box.py" />
            <source>Other folder…</source>
            <translation>Anderer Ordner …</translation>
        </message>
        <message>
            <location filename="../gui/model_box.py" />
            <source>Folder with a model.json</source>
            <translation>Ordner mit einer model.json</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>{model}, bands: {bands}</source>
            <translation>{model}, Kanäle: {bands}</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Python of the runtime</source>
            <translation>Python der Laufzeitumgebung</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Runtime</source>
            <translation>Laufzeitumgebung</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Models found</source>
            <translation>Gefundene Modelle</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Log file</source>
            <translation>Protokolldatei</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>all cores</source>
            <translation>alle Kerne</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Empty: the environment of Install runtime, else QGIS's own Python.</source>
            <translation>Leer: die Umgebung von „Laufzeitumgebung installieren“, sonst das Python von QGIS.</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Check</source>
            <translation>Prüfen</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Add it to a bug report: commands, messages and versions.</source>
            <translation>Einem Fehlerbericht beifügen: Befehle, Meldungen und Versionen.</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>{python} ({origin})</source>
            <translation>{python} ({origin})</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>What dialogs begin with; scripts and batches are not affected.</source>
            <translation>Womit Dialoge beginnen; Skripte und Stapelverarbeitung sind nicht betroffen.</translation>
        </message>
        <message>
            <location filename="../gui/options_page.py" />
            <source>Put others, a folder each, into {}</source>
            <translation>Weitere, je einen Ordner, ablegen in {}</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>{shown} of {count} spectra of {name} are shown.</source>
            <translation>{shown} von {count} Spektren aus {name} werden gezeigt.</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Reference spectra from an ENVI library (.sli), a CSV or a text file</source>
            <translation>Referenzspektren aus einer ENVI-Bibliothek (.sli), einer CSV- oder Textdatei</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>The spectra as CSV, ENVI library or GeoPackage, or the chart as a picture</source>
            <translation>Die Spektren als CSV, ENVI-Bibliothek oder GeoPackage, oder das Diagramm als Bild</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Spectra (*.sli *.hdr *.csv *.txt *.tsv *.tab *.dat *.asc *.spectrum)</source>
            <translation>Spektren (*.sli *.hdr *.csv *.txt *.tsv *.tab *.dat *.asc *.spectrum)</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Choose 'Pick pixels' and click on the map</source>
            <translation>'Pixel wählen' drücken und in die Karte klicken</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Reflectance</source>
            <translation>Reflexion</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>{count} spectra of {name}.</source>
            <translation>{count} Spektren aus {name}.</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Wheel or + and - zoom, dragging or the arrow keys move, a double click or 0 resets</source>
            <translation>Mausrad oder + und - zoomen, Ziehen oder die Pfeiltasten verschieben, ein Doppelklick oder 0 zeigt wieder alles</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Pick pixels</source>
            <translation>Pixel wählen</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Click pixels on the map</source>
            <translation>Pixel in der Karte anklicken</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Clear</source>
            <translation>Leeren</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Remove the picked pixels; reference spectra stay</source>
            <translation>Die gewählten Pixel entfernen; Referenzspektren bleiben</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Pixels about the clicked one whose mean is taken</source>
            <translation>Pixel um das angeklickte, deren Mittel genommen wird</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Library…</source>
            <translation>Bibliothek…</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Save…</source>
            <translation>Speichern…</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Copied.</source>
            <translation>Kopiert.</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>All files (*)</source>
            <translation>Alle Dateien (*)</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>GeoPackage of the points (*.gpkg)</source>
            <translation>GeoPackage der Punkte (*.gpkg)</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Picture of the chart (*.png)</source>
            <translation>Bild des Diagramms (*.png)</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Save spectra</source>
            <translation>Spektren speichern</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Wavelength (nm)</source>
            <translation>Wellenlänge (nm)</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Reflectance ± spread</source>
            <translation>Reflexion ± Streuung</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Add reference spectra…</source>
            <translation>Referenzspektren hinzufügen…</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Remove reference spectra</source>
            <translation>Referenzspektren entfernen</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Copy CSV</source>
            <translation>CSV kopieren</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>No value there: outside the raster, or nodata.</source>
            <translation>Dort ist kein Wert: außerhalb des Rasters oder ohne Daten.</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Spread of reflectance</source>
            <translation>Streuung der Reflexion</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Reflectance, spread</source>
            <translation>Reflexion, Streuung</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>there are no spectra</source>
            <translation>es gibt keine Spektren</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Not saved: {}</source>
            <translation>Nicht gespeichert: {}</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Point {}</source>
            <translation>Punkt {}</translation>
        </message>
        <message>
            <location filename="../gui/panel.py" />
            <source>Saved {}</source>
            <translation>{} gespeichert</translation>
        </message>
        <message>
            <location filename="../gui/picking.py" />
            <source>Point {} (spread)</source>
            <translation>Punkt {} (Streuung)</translation>
        </message>
        <message>
            <location filename="../gui/setup_offer.py" />
            <source>SCDM needs its runtime, once per profile (24 MB download).</source>
            <translation>SCDM braucht seine Laufzeitumgebung, einmal je Profil (24 MB Download).</translation>
        </message>
        <message>
            <location filename="../gui/setup_offer.py" />
            <source>Install</source>
            <translation>Installieren</translation>
        </message>
        <message>
            <location filename="../gui/spectrum_list.py" />
            <source>Rename with F2 or a double click, remove with Del</source>
            <translation>Umbenennen mit F2 oder Doppelklick, entfernen mit Entf</translation>
        </message>
        <message>
            <location filename="../gui/spectrum_list.py" />
            <source>Rename</source>
            <translation>Umbenennen</translation>
        </message>
        <message>
            <location filename="../gui/spectrum_list.py" />
            <source>Remove</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <location filename="../layers/loading.py" />
            <source>Layer '{}' has no wavelengths: left unstyled</source>
            <translation>Layer „{}“ hat keine Wellenlängen: bleibt ohne Stil</translation>
        </message>
        <message>
            <location filename="../layers/metadata.py" />
            <source>Spread of the hyperspectral estimate, from {samples} samples</source>
            <translation>Streuung der hyperspektralen Schätzung, aus {samples} Stichproben</translation>
        </message>
        <message>
            <location filename="../layers/metadata.py" />
            <source>{what} of '{source}': {bands} bands, {reach}, reflectance, by model {model}, seed {seed}. Spectra that the model finds likely for the colours; not a measurement.</source>
            <translation>{what} von „{source}“: {bands} Kanäle, {reach}, Reflexion, vom Modell {model}, Startwert {seed}. Spektren, die das Modell für die Farben wahrscheinlich findet; keine Messung.</translation>
        </message>
        <message>
            <location filename="../layers/metadata.py" />
            <source>Reliability of the hyperspectral estimate of '{source}' by model {model}, seed {seed}: 100 where nothing speaks against the estimate, 0 where it tells nothing.</source>
            <translation>Verlässlichkeit der hyperspektralen Schätzung von '{source}' durch Modell {model}, Startwert {seed}: 100, wo nichts gegen die Schätzung spricht; 0, wo sie nichts aussagt.</translation>
        </message>
        <message>
            <location filename="../layers/metadata.py" />
            <source>Hyperspectral estimate (mean of {samples} samples)</source>
            <translation>Hyperspektrale Schätzung (Mittel von {samples} Stichproben)</translation>
        </message>
        <message>
            <location filename="../layers/metadata.py" />
            <source>Those of the input picture hold for what is derived from it.</source>
            <translation>Die Rechte am Eingangsbild gelten für das daraus Abgeleitete.</translation>
        </message>
        <message>
            <location filename="../layers/metadata.py" />
            <source>{now}: scdm:upsample of '{source}'</source>
            <translation>{now}: scdm:upsample von '{source}'</translation>
        </message>
        <message>
            <location filename="../layers/metadata.py" />
            <source>Model: {}</source>
            <translation>Modell: {}</translation>
        </message>
        <message>
            <location filename="../layers/pixel_reader.py" />
            <source>'{}' has no wavelengths: nothing to draw against</source>
            <translation>„{}“ hat keine Wellenlängen: nichts, worüber zu zeichnen wäre</translation>
        </message>
        <message>
            <location filename="../layers/reference_system.py" />
            <source>{file} is whole, but its reference system could not be written: {error}</source>
            <translation>{file} ist vollständig, aber sein Bezugssystem ließ sich nicht schreiben: {error}</translation>
        </message>
        <message>
            <location filename="../layers/reference_system.py" />
            <source>GDAL refuses it</source>
            <translation>GDAL lehnt es ab</translation>
        </message>
        <message>
            <location filename="../layers/source.py" />
            <source>'{layer}' is not a raster file. Web layers must be saved first: right-click the layer → Export → Save As…, choose extent and resolution.</source>
            <translation>„{layer}“ ist keine Rasterdatei. Web-Layer müssen zuerst gespeichert werden: Rechtsklick auf den Layer → Export → Speichern als…, Ausdehnung und Auflösung wählen.</translation>
        </message>
        <message>
            <location filename="../layers/source.py" />
            <source>Layer '{layer}' is held in memory ({name}). Save it first: right-click the layer → Export → Save As…</source>
            <translation>Layer „{layer}“ liegt im Arbeitsspeicher ({name}). Zuerst speichern: Rechtsklick auf den Layer → Export → Speichern als…</translation>
        </message>
        <message>
            <location filename="../layers/source.py" />
            <source>Layer '{layer}' is opened with driver options ({name}): add it again without them</source>
            <translation>Layer „{layer}“ ist mit Treiberoptionen geöffnet ({name}): ohne sie neu hinzufügen</translation>
        </message>
        <message>
            <location filename="../layers/source.py" />
            <source>Extent '{}' is empty: give xmin,xmax,ymin,ymax with xmin &lt; xmax and ymin &lt; ymax, or leave Extent empty for the whole raster</source>
            <translation>Die Ausdehnung „{}“ ist leer: xmin,xmax,ymin,ymax mit xmin &lt; xmax und ymin &lt; ymax angeben oder das Feld für das ganze Raster leer lassen</translation>
        </message>
        <message>
            <location filename="../layers/spectra_file.py" />
            <source>Interpolated to the bands of {}: {}.</source>
            <translation>Auf die Kanäle von {} interpoliert: {}.</translation>
        </message>
        <message>
            <location filename="../layers/spectra_file.py" />
            <source>a GeoPackage holds picked pixels: pick some first</source>
            <translation>ein GeoPackage enthält gewählte Pixel: zuerst welche wählen</translation>
        </message>
        <message>
            <location filename="../layers/spectral_library.py" />
            <source>read as percent</source>
            <translation>als Prozent gelesen</translation>
        </message>
        <message>
            <location filename="../layers/spectral_library.py" />
            <source>read as reflectance × 10,000</source>
            <translation>als Reflexion × 10.000 gelesen</translation>
        </message>
        <message>
            <location filename="../layers/spectral_library.py" />
            <source>'{name}' cannot be read as spectra: {error}. These are read: ENVI libraries (.sli with its .hdr beside it), tables (CSV, tabs, blanks) with the wavelengths in the first column or row, files of ECOSTRESS and USGS.</source>
            <translation>„{name}“ lässt sich nicht als Spektren lesen: {error}. Gelesen werden: ENVI-Bibliotheken (.sli mit der .hdr daneben), Tabellen (CSV, Tabulatoren, Leerzeichen) mit den Wellenlängen in der ersten Spalte oder Zeile, Dateien von ECOSTRESS und USGS.</translation>
        </message>
        <message>
            <location filename="../layers/style.py" />
            <source>Natural colour</source>
            <translation>Echtfarben</translation>
        </message>
        <message>
            <location filename="../layers/style.py" />
            <source>Colour infrared</source>
            <translation>Farbinfrarot</translation>
        </message>
        <message>
            <location filename="../layers/wavelength_styles.py" />
            <source>'{layer}' has no bands for {style}: its wavelengths are {low:g} to {high:g} nm.</source>
            <translation>„{layer}“ hat keine Kanäle für {style}: seine Wellenlängen reichen von {low:g} bis {high:g} nm.</translation>
        </message>
        <message>
            <location filename="../layers/wavelength_styles.py" />
            <source>Choose a raster layer of a file in the layer panel first.</source>
            <translation>Zuerst im Layer-Bedienfeld einen Rasterlayer aus einer Datei wählen.</translation>
        </message>
        <message>
            <location filename="../layers/wavelength_styles.py" />
            <source>'{}' does not say the wavelengths of its bands: choose a hyperspectral raster whose metadata holds them.</source>
            <translation>„{}“ nennt die Wellenlängen seiner Kanäle nicht: ein hyperspektrales Raster wählen, dessen Metadaten sie enthalten.</translation>
        </message>
        <message>
            <location filename="../layers/wavelength_styles.py" />
            <source>One band</source>
            <translation>Ein Kanal</translation>
        </message>
        <message>
            <location filename="../layers/wavelength_styles.py" />
            <source>Red edge</source>
            <translation>Rote Kante</translation>
        </message>
        <message>
            <location filename="../layers/web_layer.py" />
            <source>{cols} × {rows} pixels are more than may be asked of a web layer at once ({most} million): choose a smaller Extent or a coarser Resolution.</source>
            <translation>{cols} × {rows} Pixel sind mehr, als von einem Web-Layer auf einmal abgefragt werden dürfen ({most} Millionen): eine kleinere Ausdehnung oder eine gröbere Auflösung wählen.</translation>
        </message>
        <message>
            <location filename="../layers/web_layer.py" />
            <source>Nothing came from '{layer}' for this extent: check that the layer shows something there at this resolution, and that the service can be reached.</source>
            <translation>Von „{layer}“ kam für diese Ausdehnung nichts: prüfen, ob der Layer dort in dieser Auflösung etwas zeigt und ob der Dienst erreichbar ist.</translation>
        </message>
        <message>
            <location filename="../layers/web_layer.py" />
            <source>{percent:.1f} % of '{layer}' did not come or is empty there: it is nodata.</source>
            <translation>{percent:.1f} % von „{layer}“ kamen nicht an oder sind dort leer: Sie sind ohne Wert (nodata).</translation>
        </message>
        <message>
            <location filename="../layers/web_layer.py" />
            <source>'{}' cannot be written: see that its disk has room.</source>
            <translation>„{}“ kann nicht geschrieben werden: prüfen, ob auf dem Datenträger Platz ist.</translation>
        </message>
        <message>
            <location filename="../layers/web_layer.py" />
            <source>Cancelled: nothing was written.</source>
            <translation>Abgebrochen: nichts wurde geschrieben.</translation>
        </message>
        <message>
            <location filename="../layers/web_layer.py" />
            <source>Asking '{layer}' for its pixels: {done} of {all} blocks</source>
            <translation>Pixel von „{layer}“ abfragen: {done} von {all} Blöcken</translation>
        </message>
        <message>
            <location filename="../plugin.py" />
            <source>The panel needs matplotlib in QGIS's Python: {}</source>
            <translation>Das Fenster braucht matplotlib im Python von QGIS: {}</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>No usable NVIDIA GPU in this runtime. Run Install runtime with Device = cuda, or choose Device auto or cpu.</source>
            <translation>Keine nutzbare NVIDIA-GPU in dieser Laufzeitumgebung. „Laufzeitumgebung installieren“ mit Gerät = cuda ausführen oder Gerät auto oder cpu wählen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>This runtime has no Dask. Run Install runtime with Cluster support, or leave Cluster empty.</source>
            <translation>Diese Laufzeitumgebung hat kein Dask. „Laufzeitumgebung installieren“ mit Cluster-Unterstützung ausführen oder Cluster leer lassen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>Tile size must be even.</source>
            <translation>Die Kachelgröße muss gerade sein.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>Tile size must be a multiple of {multiple}.</source>
            <translation>Die Kachelgröße muss ein Vielfaches von {multiple} sein.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>Overlap {overlap} is too large for the tile size {tile}: choose a smaller Overlap or a larger Tile size.</source>
            <translation>Überlappung {overlap} ist zu groß für die Kachelgröße {tile}: eine kleinere Überlappung oder eine größere Kachelgröße wählen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>Needs {need}, {free} are free on the disk of {folder}. Free some space, choose another folder, or a smaller extent.</source>
            <translation>Braucht {need}, auf dem Datenträger von {folder} sind {free} frei. Platz schaffen, einen anderen Ordner oder eine kleinere Ausdehnung wählen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>Not enough memory: close other programs, or choose a smaller Tile size or fewer Threads.</source>
            <translation>Der Arbeitsspeicher reicht nicht: andere Programme schließen oder eine kleinere Kachelgröße oder weniger Threads wählen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>The extent lies beside the raster, which covers {raster} (xmin, ymin, xmax, ymax): choose an extent that overlaps it.</source>
            <translation>Die Ausdehnung liegt neben dem Raster, das {raster} (xmin, ymin, xmax, ymax) umfasst: eine Ausdehnung wählen, die es überlappt.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>No polygon of Mask meets the raster or its Extent: check the layer's reference system, or choose another layer.</source>
            <translation>Kein Polygon der Maske trifft das Raster oder die Ausdehnung: das Bezugssystem des Layers prüfen oder einen anderen Layer wählen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>{path} has too few bands ({have}), the model needs {need}: choose a raster with red, green and blue bands.</source>
            <translation>{path} hat zu wenige Kanäle ({have}), das Modell braucht {need}: ein Raster mit rotem, grünem und blauem Kanal wählen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>Band {band} of {path} is its alpha band: choose the bands that are red, green and blue.</source>
            <translation>Kanal {band} von {path} ist der Alphakanal: die Kanäle wählen, die rot, grün und blau sind.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>{path} holds no valid pixel: check its nodata value, mask and alpha band.</source>
            <translation>{path} enthält kein gültiges Pixel: NoData-Wert, Maske und Alphaband prüfen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>{path} is damaged or cut short: copy or export it again.</source>
            <translation>{path} ist beschädigt oder abgeschnitten: noch einmal kopieren oder exportieren.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>At least half of the pixels have the darkest value: the image is effectively black. Check the bands, and mark areas outside the image as nodata.</source>
            <translation>Mindestens die Hälfte der Pixel hat den dunkelsten Wert: das Bild ist praktisch schwarz. Die Kanäle prüfen und Flächen außerhalb des Bildes als NoData kennzeichnen.</translation>
        </message>
        <message>
            <location filename="../runtime/dialog_words.py" />
            <source>The values reach {largest}: that is neither reflectance (to 1) nor reflectance × 10,000. Set the scale of the bands, or choose Radiometry match.</source>
            <translation>Die Werte reichen bis {largest}: das ist weder Reflexion (bis 1) noch Reflexion × 10.000. Die Skalierung der Kanäle setzen oder die Radiometrie match wählen.</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>usually the memory ran out: close other programs, choose a smaller Tile size, fewer Samples or fewer Threads, or a smaller Extent</source>
            <translation>meist ging der Arbeitsspeicher aus: andere Programme schließen, kleinere Kacheln, weniger Stichproben oder Rechenfäden oder eine kleinere Ausdehnung wählen</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>a native library crashed: choose Device 'cpu', or run Install runtime with Action = repair</source>
            <translation>eine Systembibliothek stürzte ab: Gerät „cpu“ wählen oder „Laufzeitumgebung installieren“ mit Aktion = repair ausführen</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>the input or an option was refused</source>
            <translation>die Eingabe oder eine Option wurde abgewiesen</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>the model package was refused</source>
            <translation>das Modellpaket wurde abgewiesen</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>the device or ONNX Runtime failed</source>
            <translation>das Gerät oder ONNX Runtime versagte</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>reading or writing failed</source>
            <translation>Lesen oder Schreiben misslang</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>it was cancelled</source>
            <translation>er wurde abgebrochen</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>The worker process ended with exit code {code}: {meaning}.</source>
            <translation>Der Rechenprozess endete mit Code {code}: {meaning}.</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>The worker process was ended by signal {name}: {remedy}.</source>
            <translation>Der Rechenprozess wurde durch Signal {name} beendet: {remedy}.</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>The worker process died ({what}): {remedy}.</source>
            <translation>Der Rechenprozess starb ({what}): {remedy}.</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>The worker process ended without a result: run Install runtime with Action = repair.</source>
            <translation>Der Rechenprozess endete ohne Ergebnis: „Laufzeitumgebung installieren“ mit Aktion = repair ausführen.</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>an error in the runtime</source>
            <translation>ein Fehler in der Laufzeitumgebung</translation>
        </message>
        <message>
            <location filename="../runtime/exit_messages.py" />
            <source>Its last output:</source>
            <translation>Seine letzte Ausgabe:</translation>
        </message>
        <message>
            <location filename="../runtime/install.py" />
            <source>Making the environment</source>
            <translation>Die Umgebung anlegen</translation>
        </message>
        <message>
            <location filename="../runtime/install.py" />
            <source>Installing {}</source>
            <translation>{} installieren</translation>
        </message>
        <message>
            <location filename="../runtime/job.py" />
            <source>The worker failed</source>
            <translation>Der Rechenprozess scheiterte</translation>
        </message>
        <message>
            <location filename="../runtime/job.py" />
            <source>{program} ({origin}) cannot be started: {error}. Run Install runtime with Action = repair.</source>
            <translation>{program} ({origin}) lässt sich nicht starten: {error}. „Laufzeitumgebung installieren“ mit Aktion = repair ausführen.</translation>
        </message>
        <message>
            <location filename="../runtime/locate.py" />
            <source>QGIS's own Python</source>
            <translation>das Python von QGIS</translation>
        </message>
        <message>
            <location filename="../runtime/locate.py" />
            <source>SCDM is not set up yet. Run Processing Toolbox → SCDM → Setup → Install runtime once (24 MB download).</source>
            <translation>SCDM ist noch nicht eingerichtet. Einmal Verarbeitungswerkzeuge → SCDM → Einrichtung → Laufzeitumgebung installieren ausführen (24 MB Download).</translation>
        </message>
        <message>
            <location filename="../runtime/locate.py" />
            <source>environment variable {}</source>
            <translation>Umgebungsvariable {}</translation>
        </message>
        <message>
            <location filename="../runtime/locate.py" />
            <source>QGIS setting {}</source>
            <translation>QGIS-Einstellung {}</translation>
        </message>
        <message>
            <location filename="../runtime/locate.py" />
            <source>{origin} is '{text}', which is not a file: name a Python interpreter, or clear it</source>
            <translation>{origin} ist „{text}“, das ist keine Datei: einen Python-Interpreter nennen oder leeren</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Radiometry: taken as reflectance ({why}).</source>
            <translation>Radiometrie: als Reflexion genommen ({why}).</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Radiometry: matched ({why}).</source>
            <translation>Radiometrie: angepasst ({why}).</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Radiometry: matched, sRGB's curve undone ({why}).</source>
            <translation>Radiometrie: angepasst, sRGB-Kurve aufgehoben ({why}).</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>{columns} × {rows} pixels, tiles: {tiles}</source>
            <translation>{columns} × {rows} Pixel, Kacheln: {tiles}</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Device: {device}, seed: {seed}</source>
            <translation>Gerät: {device}, Startwert: {seed}</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Samples per pixel: {}</source>
            <translation>Stichproben je Pixel: {}</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Taken from the unfinished run: {} parts</source>
            <translation>Aus dem unfertigen Lauf übernommen: {} Teile</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Finished in {:.1f} s</source>
            <translation>Fertig in {:.1f} s</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Device: {device}, {cores} cores</source>
            <translation>Gerät: {device}, {cores} Kerne</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>Memory: {:.1f} GiB</source>
            <translation>Arbeitsspeicher: {:.1f} GiB</translation>
        </message>
        <message>
            <location filename="../runtime/log_lines.py" />
            <source>The model {name} {version} runs.</source>
            <translation>Das Modell {name} {version} läuft.</translation>
        </message>
        <message>
            <location filename="../runtime/models.py" />
            <source>{} (comes with the plugin)</source>
            <translation>{} (kommt mit der Erweiterung)</translation>
        </message>
        <message>
            <location filename="../runtime/pip_failure.py" />
            <source>A downloaded package is not the one that was tested: its content has another hash. Nothing was installed. A network or a mirror may change files: try another network, or download the wheels from PyPI on another computer:
{command}
and name their folder in 'Folder of wheels'.</source>
            <translation>Ein geladenes Paket ist nicht das geprüfte: sein Inhalt hat eine andere Prüfsumme. Es wurde nichts installiert. Ein Netz oder ein Spiegelserver kann Dateien verändern: versuchen Sie ein anderes Netz, oder laden Sie die Wheels auf einem anderen Rechner von PyPI:
{command}
und geben Sie deren Ordner unter „Ordner mit Wheels“ an.</translation>
        </message>
        <message>
            <location filename="../runtime/pip_failure.py" />
            <source>The folder {folder} lacks wheels of {packages} for this computer. Download them where there is a network:
{command}</source>
            <translation>Im Ordner {folder} fehlen Wheels von {packages} für diesen Rechner. Sie dort herunterladen, wo es ein Netz gibt:
{command}</translation>
        </message>
        <message>
            <location filename="../runtime/pip_failure.py" />
            <source>The package index's certificate was not accepted; often a company's proxy signs connections itself. Set the environment variable PIP_CERT to the proxy's certificate file, or download the wheels on another computer:
{command}
and name their folder in 'Folder of wheels'.</source>
            <translation>Das Zertifikat des Paketindex wurde nicht anerkannt; oft unterschreibt der Proxy einer Firma die Verbindungen selbst. Die Umgebungsvariable PIP_CERT auf die Zertifikatsdatei des Proxys setzen oder die Wheels auf einem anderen Rechner herunterladen:
{command}
und deren Ordner unter „Ordner mit Wheels“ nennen.</translation>
        </message>
        <message>
            <location filename="../runtime/pip_failure.py" />
            <source>The package index could not be reached. Check the network and proxy (Settings → Options → Network), or download the wheels on another computer:
{command}
and name their folder in 'Folder of wheels'.</source>
            <translation>Der Paketindex war nicht zu erreichen. Netz und Proxy prüfen (Einstellungen → Optionen → Netzwerk) oder die Wheels auf einem anderen Rechner herunterladen:
{command}
und deren Ordner unter „Ordner mit Wheels“ nennen.</translation>
        </message>
        <message>
            <location filename="../runtime/progress.py" />
            <source>Making overviews</source>
            <translation>Übersichtspyramiden werden erstellt</translation>
        </message>
        <message>
            <location filename="../runtime/progress.py" />
            <source>Writing to the disk</source>
            <translation>Wird auf den Datenträger geschrieben</translation>
        </message>
        <message>
            <location filename="../runtime/progress.py" />
            <source>Making the cloud-optimised copy</source>
            <translation>Die Cloud-optimierte Kopie wird erstellt</translation>
        </message>
        <message>
            <location filename="../runtime/progress.py" />
            <source>Making the report</source>
            <translation>Der Bericht wird erstellt</translation>
        </message>
        <message>
            <location filename="../runtime/progress.py" />
            <source>{percent:.0f} %, about {time} left</source>
            <translation>{percent:.0f} %, noch etwa {time}</translation>
        </message>
        <message>
            <location filename="../runtime/reckoning.py" />
            <source>{time}; about {size} on disk, {peak} while it runs ({free} free).</source>
            <translation>{time}; etwa {size} auf der Platte, während des Laufs {peak} ({free} frei).</translation>
        </message>
        <message>
            <location filename="../runtime/reckoning.py" />
            <source>About {}, by your last run of this kind</source>
            <translation>Etwa {}, nach Ihrem letzten Lauf dieser Art</translation>
        </message>
        <message>
            <location filename="../runtime/reckoning.py" />
            <source>About {} on two CPU cores</source>
            <translation>Etwa {} auf zwei CPU-Kernen</translation>
        </message>
        <message>
            <location filename="../runtime/reckoning.py" />
            <source>Time: known after a first run of this kind</source>
            <translation>Zeit: nach einem ersten Lauf dieser Art bekannt</translation>
        </message>
        <message>
            <location filename="../runtime/reckoning.py" />
            <source>{time} beside other programs</source>
            <translation>{time} neben anderen Programmen</translation>
        </message>
        <message>
            <location filename="../runtime/unfinished.py" />
            <source>Cancelled. {share} are kept in {folder} ({size}): run again with the same settings to go on, or delete that folder.</source>
            <translation>Abgebrochen. {share} bleiben in {folder} ({size}): mit denselben Einstellungen noch einmal ausführen, um fortzufahren, oder den Ordner löschen.</translation>
        </message>
        <message>
            <location filename="../runtime/unfinished.py" />
            <source>Finished tiles</source>
            <translation>Fertige Kacheln</translation>
        </message>
        <message>
            <location filename="../runtime/unfinished.py" />
            <source>{done:g} of {total:g} tiles</source>
            <translation>{done:g} von {total:g} Kacheln</translation>
        </message>
        <message>
            <location filename="../runtime/wheels.py" />
            <source>QGIS's Python is {have}: the runtime needs {oldest} or newer, so use a newer QGIS</source>
            <translation>Das Python von QGIS ist {have}: die Laufzeitumgebung braucht {oldest} oder neuer, also ein neueres QGIS nehmen</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_library.py" />
            <source>there is no .hdr beside it</source>
            <translation>daneben liegt keine .hdr</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_library.py" />
            <source>its .hdr is not of file type 'ENVI Spectral Library'</source>
            <translation>ihre .hdr ist nicht vom Typ „ENVI Spectral Library“</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_library.py" />
            <source>{count} spectra of {points} points</source>
            <translation>{count} Spektren zu {points} Punkten</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_library.py" />
            <source>{count} wavelengths for {points} points</source>
            <translation>{count} Wellenlängen für {points} Punkte</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_library.py" />
            <source>its wavelengths are not all numbers</source>
            <translation>ihre Wellenlängen sind nicht alle Zahlen</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_text.py" />
            <source>it holds one column of {count} values: put the file with their {count} wavelengths (USGS: …Wavelengths….txt) beside it</source>
            <translation>sie enthält eine Spalte mit {count} Werten: die Datei mit deren {count} Wellenlängen (USGS: …Wavelengths….txt) daneben legen</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_text.py" />
            <source>it is empty</source>
            <translation>sie ist leer</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_text.py" />
            <source>it has no rows of numbers</source>
            <translation>sie hat keine Zeilen mit Zahlen</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_text.py" />
            <source>the first column (or row) must be wavelengths</source>
            <translation>die erste Spalte (oder Zeile) muss die Wellenlängen enthalten</translation>
        </message>
        <message>
            <location filename="../../model_runtime/spectra/spectral_text.py" />
            <source>it has no values</source>
            <translation>sie hat keine Werte</translation>
        </message>
    </context>
</TS>
